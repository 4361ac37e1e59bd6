// The layout on storage: older versions, other chunk sizes, what is not a store, and what cannot be one.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it, vi } from 'vitest'
import { checksumOf } from '../src/checksum.ts'
import { CHUNK_SIZE, SEGMENT_CHUNKS } from '../src/layout.ts'
import { chunksOf, databaseOf, inRaw, openRaw, resultOf, withStore } from './raw.ts'

const FILE = 2

/** A store as version 1 or 2 wrote it: the root, and one sparse file of 100,000 bytes with two names. */
async function makeOld(name: string, version: 1 | 2, chunkSize = 65_536): Promise<void> {
  const request = indexedDB.open(databaseOf(name), version)
  request.onupgradeneeded = () => {
    const { result: database } = request
    database.createObjectStore('inodes', { keyPath: 'ino' })
    database.createObjectStore('entries', { keyPath: ['parent', 'name'] })
    database.createObjectStore('chunks', { keyPath: ['ino', 'index'] })
    database.createObjectStore('state', { keyPath: 'key' })
  }
  ;(await resultOf(request)).close()
  const chunk = { ino: FILE, index: 65_536 / chunkSize, bytes: Uint8Array.of(7, 8) }
  const times = { atime: 1, mtime: 2, ctime: 3 }
  const root = { ino: ROOT_INO, mode: 0o40755, size: 0, ...times }
  const file = { ino: FILE, mode: 0o100640, size: 100_000, ...times }
  await inRaw(name, (transaction) => {
    const inodes = transaction.objectStore('inodes')
    inodes.put(version === 1 ? root : { ...root, chunks: 0, sum: 894_727_478 })
    inodes.put(version === 1 ? file : { ...file, chunks: 1, sum: 2_236_837_080 })
    const entries = transaction.objectStore('entries')
    entries.put({ parent: ROOT_INO, name: 'a', ino: FILE, order: 9 })
    entries.put({ parent: ROOT_INO, name: 'b', ino: FILE, order: 4 })
    const sum = checksumOf(chunk.bytes, FILE, chunk.index)
    transaction.objectStore('chunks').put(version === 1 ? chunk : { ...chunk, sum })
    const state = transaction.objectStore('state')
    state.put({ key: 'tree', nextIno: 12, ...(version === 2 && { inodes: 2, entries: 2 }) })
    if (version === 2) state.put({ key: 'format', chunkSize })
  })
}

function contentOf(vfs: Vfs, ino: number): Uint8Array {
  const content = new Uint8Array(vfs.getattr(ino).size)
  expect(vfs.read(ino, content, 0)).toBe(content.length)
  return content
}

describe.each([
  [1, 65_536],
  [2, 32_768],
  [2, 4096],
  [2, 65_536],
] as const)('a store of version %d with chunks of %d bytes', (version, chunkSize) => {
  const name = `layout-v${version}-${chunkSize}`

  it('is read to the last attribute, has the present layout from then on, and is written on', async () => {
    await makeOld(name, version, chunkSize)
    await withStore(name, async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO).map((entry) => entry.name)).toEqual(['b', 'a'])
      const [mtime, ctime] = [2, 3]
      const attributes = { ino: FILE, mode: 0o100640, nlink: 2, size: 100_000, mtime, ctime }
      expect(vfs.getattr(FILE)).toMatchObject(attributes)
      const expected = new Uint8Array(100_000)
      expected.set([7, 8], 65_536)
      expect(contentOf(vfs, FILE)).toEqual(expected)
      expect(vfs.create(ROOT_INO, 'c', 0o644)).toBe(12)
      vfs.write(FILE, Uint8Array.of(9), 50_000)
      const reopened = await again()
      expect(reopened.readdir(ROOT_INO).map((entry) => entry.name)).toEqual(['b', 'a', 'c'])
      expected[50_000] = 9
      expect(contentOf(reopened, FILE)).toEqual(expected)
      expect((await chunksOf(name)).map(({ index }) => index)).toEqual([6, 8])
      const database = await openRaw(name)
      expect(database.version).toBe(3)
      expect([...database.objectStoreNames]).toEqual(['log', 'segments', 'state'])
      database.close()
    })
  })
})

describe('an old store', () => {
  it('that is empty is empty', async () => {
    const name = 'layout-v1-empty'
    await makeOld(name, 1)
    await inRaw(name, (each) => {
      for (const store of each.objectStoreNames) each.objectStore(store).clear()
    })
    await withStore(name, async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO)).toEqual([])
      vfs.mkdir(ROOT_INO, 'made', 0o755)
      expect((await again()).readdir(ROOT_INO)).toHaveLength(1)
    })
  })

  const chunk = { ino: FILE, index: 2, bytes: Uint8Array.of(7, 8), sum: 5 }
  it.each<[string, RegExp, string, object]>([
    ['a chunk has changed', /chunk 2 of inode 2 is not as it was written/, 'chunks', chunk],
    ['there is content of no file', /content of no file/, 'chunks', { ...chunk, ino: 9 }],
    ['a chunk is too much', /2 of its 1 chunks/, 'chunks', { ...chunk, index: 1, sum: undefined }],
    [
      'a name has changed',
      /name 'a' is not/,
      'entries',
      { parent: 1, name: 'a', ino: 2, order: 9, sum: 1 },
    ],
    ['a name is too much', /3 of 2 names/, 'entries', { parent: 1, name: 'c', ino: 2, order: 10 }],
    ['the chunk size cannot be', /48000 bytes/, 'state', { key: 'format', chunkSize: 48_000 }],
  ])('that is damaged stays as it is: %s', async (title, message, store, record) => {
    const name = `layout-damaged-${title}`
    await makeOld(name, 2, 32_768)
    await inRaw(name, (each) => each.objectStore(store).put(record))
    for (let attempt = 0; attempt < 2; attempt++) {
      const opening = openIdb(name)
      await expect(opening).rejects.toMatchObject({ code: 'EIO', operation: 'open' })
      await expect(opening).rejects.toThrow(message)
    }
    const database = await openRaw(name)
    expect(database.version).toBe(2)
    database.close()
    await resultOf(indexedDB.deleteDatabase(databaseOf(name)))
  })
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
      const segment = SEGMENT_CHUNKS * CHUNK_SIZE
      vfs.write(file, new Uint8Array(40 * segment).fill(1), 0)
      await vfs.close()
      const told: number[] = []
      const again = await openIdb('layout-progress', {
        onProgress({ bytesLoaded, bytesTotal }) {
          expect(bytesTotal).toBe(40 * segment)
          told.push(bytesLoaded / segment)
        },
      })
      expect(told).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
      const last = new Uint8Array(1)
      expect(again.read(file, last, 40 * segment - 1)).toBe(1)
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
