// The log is folded now and then, in the transaction of a sync; whatever becomes of that transaction, the
// store has what was synced, and its cost stays bounded.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { afterEach, describe, expect, it } from 'vitest'
import { CHUNK_SIZE, SEGMENT_CHUNKS } from '../src/layout.ts'
import { recordsOf, withStore } from './raw.ts'

const PAGES = 3000
const ROUNDS = 700

/** Pages of one file, each with the number of the round that wrote it last. */
class Pages {
  readonly #expected = new Map<number, number>()

  write(vfs: Vfs, file: number, page: number, round: number): void {
    const content = new Uint32Array(CHUNK_SIZE / 4).fill(round)
    vfs.write(file, new Uint8Array(content.buffer), page * CHUNK_SIZE)
    this.#expected.set(page, round)
  }

  /** The first page that is not as it was written; undefined if there is none. */
  wrong(vfs: Vfs, file: number): number | undefined {
    const content = new Uint32Array((PAGES * CHUNK_SIZE) / 4)
    vfs.read(file, new Uint8Array(content.buffer, 0, vfs.getattr(file).size), 0)
    for (let page = 0; page < PAGES; page++) {
      const words = content.subarray((page * CHUNK_SIZE) / 4, ((page + 1) * CHUNK_SIZE) / 4)
      const expected = this.#expected.get(page) ?? 0
      if (words.some((word) => word !== expected)) return page
    }
    return undefined
  }
}

describe('the log', () => {
  it('is folded before it is long, keeps everything, and a clean close leaves none', () =>
    withStore(
      'fold-rounds',
      async (vfs, again) => {
        const pages = new Pages()
        const file = vfs.create(ROOT_INO, 'file', 0o644)
        let longest = 0
        for (let round = 1; round <= ROUNDS; round++) {
          pages.write(vfs, file, (round * 7919) % PAGES, round)
          await vfs.sync()
          if (round % 100 !== 0) continue
          const { log, segments } = await recordsOf('fold-rounds')
          longest = Math.max(longest, log.length)
          const places = segments.reduce((sum, { bytes }) => sum + bytes.length / CHUNK_SIZE, 0)
          expect(places).toBeLessThanOrEqual(2 * round + 2 * SEGMENT_CHUNKS)
        }
        expect(longest).toBeGreaterThan(10)
        expect(longest).toBeLessThan(250)
        const reopened = await again()
        expect(pages.wrong(reopened, file)).toBeUndefined()
        expect((await recordsOf('fold-rounds')).log).toEqual([])
        reopened.unlink(ROOT_INO, 'file')
        await reopened.sync()
        await again()
        expect((await recordsOf('fold-rounds')).segments).toEqual([])
      },
      { durability: 'relaxed' },
    ))

  it('counts what many small syncs cost, too', () =>
    withStore(
      'fold-small',
      async (vfs) => {
        for (let round = 0; round < 1100; round++) {
          vfs.setattr(ROOT_INO, { mode: 0o700 + (round % 2) })
          await vfs.sync()
        }
        expect((await recordsOf('fold-small')).log.length).toBeLessThan(200)
      },
      { durability: 'relaxed' },
    ))
})

describe('a fold', () => {
  const { transaction: original } = IDBDatabase.prototype
  const { put } = IDBObjectStore.prototype

  afterEach(() => {
    IDBDatabase.prototype.transaction = original
    IDBObjectStore.prototype.put = put
  })

  it('takes the files as they are when the sync begins', () =>
    withStore('fold-moment', async (vfs, again) => {
      const pages = new Pages()
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      for (let page = 0; page < 20; page++) pages.write(vfs, file, page, 1)
      await vfs.sync()
      // Those twenty are in the log, and unchanged since: the fold brings them along.
      for (let page = 20; page < 300; page++) pages.write(vfs, file, page, 2)
      IDBDatabase.prototype.transaction = function (...args) {
        IDBDatabase.prototype.transaction = original
        for (let page = 0; page < 20; page++) pages.write(vfs, file, page, 3)
        vfs.mkdir(ROOT_INO, 'later', 0o755)
        return original.apply(this, args)
      }
      await vfs.sync()
      // What was written later is in the log by now, or will be.
      const { head, segments } = await recordsOf('fold-moment')
      expect(segments.map(({ bytes }) => new Uint32Array(bytes.slice().buffer)[0])).toEqual([
        1, 2, 2,
      ])
      expect(JSON.stringify(head.facts)).not.toContain('later')
      expect(pages.wrong(await again(), file)).toBeUndefined()
    }))

  it('that was refused is tried again by the next sync, with all there is', () =>
    withStore('fold-refused', async (vfs, again) => {
      const pages = new Pages()
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      pages.write(vfs, file, 0, 1)
      await vfs.sync()
      for (let page = 1; page < 300; page++) pages.write(vfs, file, page, 2)
      IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
        if (this.name === 'segments') throw new DOMException('no space', 'QuotaExceededError')
        return put.call(this, value, key)
      }
      await expect(vfs.sync()).rejects.toMatchObject({ code: 'ENOSPC' })
      const { head, log } = await recordsOf('fold-refused')
      expect([head.segments.length, log.length]).toEqual([0, 1])
      IDBObjectStore.prototype.put = put
      pages.write(vfs, file, 7, 3)
      await vfs.sync()
      expect(pages.wrong(await again(), file)).toBeUndefined()
    }))

  it.each(['kept', 'lost'])('without an answer (%s) is followed by one of everything', (outcome) =>
    withStore(
      `fold-unanswered-${outcome}`,
      async (vfs, again) => {
        const pages = new Pages()
        const file = vfs.create(ROOT_INO, 'file', 0o644)
        for (let page = 0; page < 400; page++) pages.write(vfs, file, page, 1)
        await vfs.sync()
        // The page learns nothing of this transaction, and cannot abort it if it is to be kept.
        let ended: Promise<unknown> = Promise.resolve()
        IDBDatabase.prototype.transaction = function (...args) {
          const transaction = original.apply(this, args)
          ended = new Promise((resolve) => {
            for (const event of ['complete', 'abort']) transaction.addEventListener(event, resolve)
          })
          Object.defineProperty(transaction, 'oncomplete', { value: undefined, writable: true })
          if (outcome === 'kept') Object.defineProperty(transaction, 'abort', { value() {} })
          else {
            Object.defineProperty(transaction, 'commit', { value: () => transaction.abort() })
            Object.defineProperty(transaction, 'onabort', { value: undefined, writable: true })
          }
          return transaction
        }
        for (let page = 300; page < 700; page++) pages.write(vfs, file, page, 2)
        await expect(vfs.sync()).rejects.toMatchObject({ code: 'ETIMEDOUT' })
        IDBDatabase.prototype.transaction = original
        await ended
        pages.write(vfs, file, 10, 3)
        await vfs.sync()
        const { head, segments } = await recordsOf(`fold-unanswered-${outcome}`)
        expect(segments.map(({ id }) => id)).toEqual(head.segments.map(({ id }) => id))
        expect(pages.wrong(await again(), file)).toBeUndefined()
      },
      { deadlineMs: 1000 },
    ),
  )

  it('as large as a database is one transaction', () =>
    withStore('fold-large', async (vfs) => {
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      const { transactions = 0 } = vfs.stats()
      vfs.write(file, new Uint8Array(20 * SEGMENT_CHUNKS * CHUNK_SIZE).fill(1), 0)
      await vfs.sync()
      expect(vfs.stats().transactions).toBe(transactions + 1)
      expect((await recordsOf('fold-large')).segments).toHaveLength(20)
    }))
})
