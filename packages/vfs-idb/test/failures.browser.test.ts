// What a browser does to a store: it closes connections, aborts transactions, runs out of space, deletes
// databases. The store goes on, or says clearly that it cannot; nothing pending is forgotten.

import { BLOCK_SIZE, ROOT_INO, VfsError, type ErrnoCode, type Vfs } from '@wasm-vfs/core'
import { listIdb, openIdb } from '@wasm-vfs/idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { databaseOf, openRaw, recordsOf, resultOf, withStore } from './raw.ts'

const MIB = 1 << 20

async function refused(code: ErrnoCode, promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(VfsError)
  expect((error as VfsError).code).toBe(code)
  return (error as VfsError).message
}

/** The file `name` begins with `value`; the rest does not compress, or it would take no space. */
function write(vfs: Vfs, name: string, value: number, length: number = 1000): void {
  const taken = vfs.readdir(ROOT_INO).find((entry) => entry.name === name)
  const ino = taken?.ino ?? vfs.create(ROOT_INO, name, 0o644)
  vfs.write(ino, incompressible(length).fill(value, 0, 1), 0)
}

function incompressible(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  }
  return bytes
}

function firstByte(vfs: Vfs, name: string): number | undefined {
  const byte = new Uint8Array(1)
  vfs.read(vfs.lookup(ROOT_INO, name), byte, 0)
  return byte[0]
}

describe('transactions', () => {
  const { transaction: original } = IDBDatabase.prototype
  const opened: IDBTransaction[] = []
  /** How many readwrite transactions the browser is to abort. */
  let aborts = 0

  function spy(): void {
    opened.length = 0
    IDBDatabase.prototype.transaction = function (...args) {
      const transaction = original.apply(this, args)
      opened.push(transaction)
      if (transaction.mode === 'readwrite' && aborts-- > 0)
        queueMicrotask(() => transaction.abort())
      return transaction
    }
  }

  afterEach(() => {
    IDBDatabase.prototype.transaction = original
    aborts = 0
  })

  it('are strict or relaxed as the store is, and relaxed from when it was lowered', () =>
    withStore('failures-durability', async (vfs) => {
      spy()
      write(vfs, 'file', 1)
      await vfs.sync()
      vfs.relaxDurability()
      write(vfs, 'file', 2)
      await vfs.sync()
      expect(opened.map(({ durability }) => durability)).toEqual(['strict', 'relaxed'])
    }))

  it('that the browser aborts run again, once', () =>
    withStore('failures-aborted', async (vfs, again) => {
      spy()
      write(vfs, 'file', 1)
      aborts = 1
      await vfs.sync()
      expect(opened).toHaveLength(2)
      write(vfs, 'file', 2)
      aborts = 2
      expect(await refused('EIO', vfs.sync())).toContain('twice')
      write(vfs, 'other', 3)
      await vfs.sync()
      const reopened = await again()
      expect([firstByte(reopened, 'file'), firstByte(reopened, 'other')]).toEqual([2, 3])
    }))

  it('without an answer end with ETIMEDOUT, and what they held is committed by the next sync', () =>
    withStore(
      'failures-deadline',
      async (vfs, again) => {
        const blocker = await openRaw('failures-deadline')
        const holding = original.call(blocker, ['state'], 'readwrite')
        let hold = true
        const keep = (): void => {
          if (hold) holding.objectStore('state').get('head').onsuccess = keep
        }
        keep()
        write(vfs, 'file', 1)
        const released = new Promise((resolve) => (holding.oncomplete = resolve))
        expect(await refused('ETIMEDOUT', vfs.sync())).toMatch(
          /readwrite transaction of IndexedDB was not answered by the browser within 300 ms/,
        )
        hold = false
        await released
        blocker.close()
        await vfs.sync()
        expect(firstByte(await again(), 'file')).toBe(1)
      },
      { deadlineMs: 300 },
    ))
})

describe('an opening without an answer', () => {
  const { open } = IDBFactory.prototype
  afterEach(() => {
    IDBFactory.prototype.open = open
  })

  it('ends with ETIMEDOUT that names the call, and closes the connection that comes late', async () => {
    const name = 'failures-late'
    await (await openIdb(name)).close()
    const closed: string[] = []
    let answer = (): void => {}
    const answered = new Promise<void>((resolve) => {
      IDBFactory.prototype.open = function (...args) {
        const request = open.apply(this, args)
        // The page learns of it only when the test says so.
        const late: { onsuccess?: () => void; result?: IDBDatabase } = {}
        request.onsuccess = () => {
          late.result = request.result
          const { close } = request.result
          request.result.close = function () {
            closed.push(this.name)
            close.call(this)
          }
          resolve()
        }
        answer = () => late.onsuccess?.()
        return late as unknown as IDBOpenDBRequest
      }
    })
    expect(await refused('ETIMEDOUT', openIdb(name, { deadlineMs: 300 }))).toMatch(
      /indexedDB.open was not answered by the browser within 300 ms/,
    )
    await answered
    answer()
    expect(closed).toEqual([databaseOf(name)])
    IDBFactory.prototype.open = open
    await withStore(name, (vfs) => Promise.resolve(expect(vfs.readdir(ROOT_INO)).toEqual([])))
  })
})

describe('a connection', () => {
  it('that another tab asked for is opened again', () =>
    withStore('failures-version', async (vfs, again) => {
      write(vfs, 'file', 1)
      await vfs.sync()
      const request = indexedDB.open(databaseOf('failures-version'), 99)
      request.onupgradeneeded = () => request.transaction!.abort()
      await expect(resultOf(request)).rejects.toThrow()
      write(vfs, 'file', 2)
      await vfs.sync()
      expect(firstByte(await again(), 'file')).toBe(2)
    }))

  it('to a layout that has become newer is refused, and so is opening it', () =>
    withStore('failures-newer', async (vfs) => {
      write(vfs, 'file', 1)
      await vfs.sync()
      const newer = await openRaw('failures-newer', 99)
      newer.close()
      write(vfs, 'file', 2)
      expect(await refused('EINVAL', vfs.sync())).toContain('newer version')
      expect(firstByte(vfs, 'file')).toBe(2)
      await refused('EINVAL', vfs.close())
      expect(await refused('EINVAL', openIdb('failures-newer'))).toContain('newer version')
    }))

  it('to a database that was deleted is refused, and none is made in its place', () =>
    withStore('failures-deleted', async (vfs) => {
      write(vfs, 'file', 1)
      await vfs.sync()
      await resultOf(indexedDB.deleteDatabase(databaseOf('failures-deleted')))
      for (let value = 2; value < 4; value++) {
        write(vfs, 'file', value)
        expect(await refused('EIO', vfs.sync())).toContain('was deleted')
        expect(firstByte(vfs, 'file')).toBe(value)
      }
      expect(await listIdb()).not.toContain('failures-deleted')
    }))
})

describe('space', () => {
  const { put } = IDBObjectStore.prototype
  afterEach(() => {
    IDBObjectStore.prototype.put = put
  })

  it('that the browser refuses is ENOSPC, and all of it is committed once there is some', () =>
    withStore('failures-put', async (vfs, again) => {
      write(vfs, 'kept', 1)
      await vfs.sync()
      IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
        if (this.name !== 'state') throw new DOMException('no space', 'QuotaExceededError')
        return put.call(this, value, key)
      }
      write(vfs, 'kept', 2)
      write(vfs, 'more', 3, 3 * MIB)
      expect(await refused('ENOSPC', vfs.sync())).toContain('quota')
      vfs.truncate(vfs.lookup(ROOT_INO, 'more'), 2 * MIB)
      const { log, segments } = await recordsOf('failures-put')
      expect([log.length, segments.length]).toEqual([1, 0])
      IDBObjectStore.prototype.put = put
      await vfs.sync()
      const reopened = await again()
      expect([firstByte(reopened, 'kept'), firstByte(reopened, 'more')]).toEqual([2, 3])
      expect(reopened.getattr(reopened.lookup(ROOT_INO, 'more')).size).toBe(2 * MIB)
    }))

  it('beyond what the browser says there is, is ENOSPC from the write itself', async () => {
    // A quota that Chromium's own tools set neither shows in its estimate nor acts at once.
    const storage = { estimate: () => Promise.resolve({ quota: 2 * MIB, usage: MIB }) }
    Object.defineProperty(navigator, 'storage', { configurable: true, value: storage })
    try {
      await withStore('failures-estimate', async (vfs, again) => {
        // The answer comes after the opening, which does not wait for it.
        await vi.waitFor(() => expect(vfs.statfs().blocksFree).toBe(MIB / BLOCK_SIZE))
        write(vfs, 'fits', 1)
        expect(() => write(vfs, 'too much', 2, 2 * MIB)).toThrow('ENOSPC')
        expect(vfs.getattr(vfs.lookup(ROOT_INO, 'too much')).size).toBe(0)
        expect(firstByte(await again(), 'fits')).toBe(1)
      })
    } finally {
      // What remains is the prototype's.
      delete (navigator as { storage?: unknown }).storage
    }
  })
})
