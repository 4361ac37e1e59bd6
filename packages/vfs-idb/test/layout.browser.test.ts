// The layout on storage: older versions, other chunk sizes, what is not a store, and what cannot be one.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it, vi } from 'vitest'
import { chunksOf, databaseOf, inRaw, openRaw, resultOf, withStore } from './raw.ts'

const FILE = 2

/** A store as version 1 wrote it: the root, and one sparse file of 100,000 bytes with two names. */
async function makeVersion1(name: string): Promise<void> {
  const request = indexedDB.open(databaseOf(name), 1)
  request.onupgradeneeded = () => {
    const { result: database } = request
    database.createObjectStore('inodes', { keyPath: 'ino' })
    database.createObjectStore('entries', { keyPath: ['parent', 'name'] })
    database.createObjectStore('chunks', { keyPath: ['ino', 'index'] })
    database.createObjectStore('state', { keyPath: 'key' })
  }
  ;(await resultOf(request)).close()
  await inRaw(name, (transaction) => {
    const times = { atime: 1, mtime: 2, ctime: 3 }
    const inodes = transaction.objectStore('inodes')
    inodes.put({ ino: ROOT_INO, mode: 0o40755, size: 0, ...times })
    inodes.put({ ino: FILE, mode: 0o100640, size: 100_000, ...times })
    const entries = transaction.objectStore('entries')
    entries.put({ parent: ROOT_INO, name: 'a', ino: FILE, order: 9 })
    entries.put({ parent: ROOT_INO, name: 'b', ino: FILE, order: 4 })
    transaction.objectStore('chunks').put({ ino: FILE, index: 1, bytes: Uint8Array.of(7, 8) })
    transaction.objectStore('state').put({ key: 'tree', nextIno: 12 })
  })
}

function contentOf(vfs: Vfs, ino: number): Uint8Array {
  const content = new Uint8Array(vfs.getattr(ino).size)
  expect(vfs.read(ino, content, 0)).toBe(content.length)
  return content
}

describe('a store of version 1', () => {
  it('is read to the last attribute, and written on', async () => {
    await makeVersion1('layout-v1')
    await withStore('layout-v1', async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['b', 'a'])
      const [mtime, ctime] = [2, 3]
      const attributes = { ino: FILE, mode: 0o100640, nlink: 2, size: 100_000, mtime, ctime }
      expect(vfs.getattr(FILE)).toMatchObject(attributes)
      const expected = new Uint8Array(100_000)
      expected.set([7, 8], 65_536)
      expect(contentOf(vfs, FILE)).toEqual(expected)
      expect(vfs.create(ROOT_INO, 'c', 0o644)).toBe(12)
      const reopened = await again()
      expect(reopened.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['b', 'a', 'c'])
      expect(contentOf(reopened, FILE)).toEqual(expected)
    })
  })

  it('keeps its chunks of 64 KiB, and has the present version from then on', async () => {
    await makeVersion1('layout-v1-chunks')
    await withStore('layout-v1-chunks', async (vfs, again) => {
      vfs.write(FILE, new Uint8Array(200_000).fill(9), 0)
      const reopened = await again()
      expect(contentOf(reopened, FILE)).toEqual(new Uint8Array(200_000).fill(9))
      const stored = await chunksOf('layout-v1-chunks')
      expect(stored.map(({ index }) => index)).toEqual([0, 1, 2, 3])
      expect(stored[0]!.bytes).toHaveLength(65_536)
      const database = await openRaw('layout-v1-chunks')
      expect(database.version).toBe(2)
      database.close()
    })
  })

  it('that is empty is empty', async () => {
    const name = 'layout-v1-empty'
    await makeVersion1(name)
    await inRaw(name, (each) => {
      for (const store of each.objectStoreNames) each.objectStore(store).clear()
    })
    await withStore(name, async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO)).toEqual([])
      vfs.mkdir(ROOT_INO, 'made', 0o755)
      expect((await again()).readdir(ROOT_INO)).toHaveLength(1)
    })
  })
})

describe('a store of another chunk size', () => {
  it.each([4096, 131_072])('is read and written in its own (%d bytes)', (chunkSize) =>
    withStore(`layout-chunks-${chunkSize}`, async (vfs, again) => {
      await vfs.close()
      await inRaw(vfs.name, (each) => {
        each.objectStore('state').put({ key: 'format', chunkSize })
      })
      let reopened = await again()
      const file = reopened.create(ROOT_INO, 'file', 0o644)
      const expected = Uint8Array.from({ length: 300_000 }, (_, at) => (at % 251) + 1)
      reopened.write(file, expected, 0)
      reopened.truncate(file, 280_001)
      reopened = await again()
      expect(contentOf(reopened, file)).toEqual(expected.subarray(0, 280_001))
      const stored = await chunksOf(vfs.name)
      expect(stored).toHaveLength(Math.ceil(280_001 / chunkSize))
      expect(stored[0]!.bytes).toHaveLength(chunkSize)
    }),
  )
})

describe('opening', () => {
  it('refuses a database that holds something else, and leaves it alone', async () => {
    const request = indexedDB.open(databaseOf('layout-foreign'), 1)
    request.onupgradeneeded = () => request.result.createObjectStore('notes')
    ;(await resultOf(request)).close()
    await expect(openIdb('layout-foreign')).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await inRaw('layout-foreign', (each) => [...each.objectStoreNames])).toEqual(['notes'])
    await deleteIdb('layout-foreign')
  })

  it('refuses what makes no sense', async () => {
    await expect(openIdb('')).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(openIdb(5 as never)).rejects.toThrow(TypeError)
    await expect(openIdb('x', { durability: 'none' as never })).rejects.toThrow(TypeError)
    await expect(openIdb('x', { deadlineMs: 0 })).rejects.toThrow(TypeError)
    await expect(openIdb('x', { onProgress: 1 as never })).rejects.toThrow(TypeError)
    await expect(openIdb('x', { persist: 'yes' as never })).rejects.toThrow(TypeError)
    await expect(openIdb('x', { typo: 1 } as never)).rejects.toThrow("unknown option 'typo'")
    expect(await listIdb()).not.toContain('x')
  })

  it('asks the browser to keep the store when told to, and tells the answer', async () => {
    const answers: boolean[] = []
    const storages = [
      { persist: () => Promise.resolve(true), persisted: () => Promise.resolve(false) },
      // A worker cannot ask, and some have nobody to ask.
      { persisted: () => Promise.resolve(true) },
      {},
      undefined,
    ]
    try {
      for (const [index, storage] of storages.entries()) {
        Object.defineProperty(navigator, 'storage', { configurable: true, value: storage })
        const persist = (persisted: boolean): void => void answers.push(persisted)
        await withStore(
          `layout-persist-${index}`,
          () => vi.waitFor(() => expect(answers).toHaveLength(index + 1)),
          { persist },
        )
      }
    } finally {
      // What remains is the prototype's.
      delete (navigator as { storage?: unknown }).storage
    }
    expect(answers).toEqual([true, true, false, false])
  })

  it('tells how far it is', () =>
    withStore('layout-progress', async (vfs) => {
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      vfs.write(file, new Uint8Array(40 << 20).fill(1), 0)
      await vfs.close()
      const told: number[] = []
      const again = await openIdb('layout-progress', {
        onProgress({ chunksLoaded, chunksTotal }) {
          expect(chunksTotal).toBe(1280)
          told.push(chunksLoaded)
        },
      })
      expect(told).toEqual([256, 512, 768, 1024, 1280])
      const last = new Uint8Array(1)
      expect(again.read(file, last, (40 << 20) - 1)).toBe(1)
      expect(last[0]).toBe(1)
      await again.close()
    }))
})

describe('stores', () => {
  it('are listed by name, and gone when deleted', async () => {
    for (const name of ['layout-list/b', 'layout-list/a']) await (await openIdb(name)).close()
    const listed = async (): Promise<string[]> =>
      (await listIdb()).filter((name) => name.startsWith('layout-list/'))
    expect(await listed()).toEqual(['layout-list/a', 'layout-list/b'])
    await deleteIdb('layout-list/a')
    expect(await listed()).toEqual(['layout-list/b'])
    await deleteIdb('layout-list/b')
    await deleteIdb('layout-list/never-there')
    expect(await listed()).toEqual([])
  })

  it('that are open are not deleted', () =>
    withStore('layout-open', async (vfs, again) => {
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      await vfs.sync()
      await expect(deleteIdb('layout-open')).rejects.toMatchObject({ code: 'EBUSY' })
      expect((await again()).readdir(ROOT_INO)).toHaveLength(1)
    }))
})
