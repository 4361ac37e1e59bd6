// What a browser's database can lose or change is found when a store is opened: EIO says what it is, and
// nothing is changed.

import { ROOT_INO, VfsError } from '@wasm-vfs/core'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it } from 'vitest'
import { inRaw, resultOf, withStore } from './raw.ts'

/** A file of five chunks with two names, and a directory. */
async function makeStore(name: string): Promise<number> {
  const vfs = await openIdb(name)
  const file = vfs.create(ROOT_INO, 'a', 0o644)
  vfs.link(file, ROOT_INO, 'b')
  vfs.mkdir(ROOT_INO, 'directory', 0o755)
  vfs.write(file, new Uint8Array(5 * 32_768).fill(1), 0)
  await vfs.close()
  return file
}

type Spoil = (transaction: IDBTransaction, file: number) => unknown

/** Changes one record by hand. */
async function change(
  transaction: IDBTransaction,
  store: string,
  key: IDBValidKey,
  changes: object,
): Promise<void> {
  const records = transaction.objectStore(store)
  const record = await resultOf<object>(records.get(key))
  records.put({ ...record, ...changes })
}

const CHUNK = 'chunks'
const spoilings: readonly [string, RegExp, Spoil][] = [
  [
    'a chunk is missing',
    /4 of its 5 chunks/,
    (each, file) => each.objectStore(CHUNK).delete([file, 2]),
  ],
  ['all chunks are missing', /0 of its 5 chunks/, (each) => each.objectStore(CHUNK).clear()],
  [
    'one bit of a chunk has changed',
    /chunk 3 of inode 2 is not as it was written/,
    (each, file) =>
      change(each, CHUNK, [file, 3], { bytes: new Uint8Array(32_768).fill(1).fill(3, 777, 778) }),
  ],
  [
    'a chunk is shorter',
    /chunk 3 of inode 2 is not as it was written/,
    (each, file) => change(each, CHUNK, [file, 3], { bytes: new Uint8Array(32_764).fill(1) }),
  ],
  [
    'a chunk is in another place',
    /chunk 4 of inode 2 is not as it was written/,
    async (each, file) => {
      const moved = await resultOf<object>(each.objectStore(CHUNK).get([file, 0]))
      each.objectStore(CHUNK).put({ ...moved, index: 4 })
    },
  ],
  [
    'a chunk of no file',
    /inode 77/,
    (each) => each.objectStore(CHUNK).put({ ino: 77, index: 0, bytes: Uint8Array.of(1) }),
  ],
  [
    'a chunk beyond the end',
    /yet a chunk 5/,
    (each, file) => each.objectStore(CHUNK).put({ ino: file, index: 5, bytes: Uint8Array.of(1) }),
  ],
  [
    'a chunk of text',
    /not bytes/,
    (each, file) => change(each, CHUNK, [file, 0], { bytes: 'text' }),
  ],
  [
    'a chunk that is too long',
    /too many/,
    (each, file) => change(each, CHUNK, [file, 0], { bytes: new Uint8Array(32_769) }),
  ],
  ['no root', /2 of 3 inodes/, (each) => each.objectStore('inodes').delete(ROOT_INO)],
  ['no inodes', /0 of 3 inodes/, (each) => each.objectStore('inodes').clear()],
  [
    "a file's size has changed",
    /inode 2 is not as it was written/,
    (each, file) => change(each, 'inodes', file, { size: 200_000 }),
  ],
  [
    'a name is missing',
    /2 of 3 names/,
    (each) => each.objectStore('entries').delete([ROOT_INO, 'b']),
  ],
  [
    'a name leads elsewhere',
    /name 'a' is not as it was written/,
    (each) => change(each, 'entries', [ROOT_INO, 'a'], { ino: 3 }),
  ],
  [
    'a name that leads nowhere',
    /'c' leads to inode 99/,
    async (each) => {
      each.objectStore('entries').put({ parent: ROOT_INO, name: 'c', ino: 99, order: 50 })
      await change(each, 'state', 'tree', { entries: 4 })
    },
  ],
  ['no tree', /next inode number/, (each) => each.objectStore('state').delete('tree')],
  ['no format', /format is missing/, (each) => each.objectStore('state').delete('format')],
  [
    'a chunk size that cannot be',
    /48000 bytes/,
    (each) => change(each, 'state', 'format', { chunkSize: 48_000 }),
  ],
]

describe('damage is EIO, says what it is, and nothing is changed', () => {
  it.each(spoilings)('%s', async (title, message, spoil) => {
    const name = `damaged: ${title}`
    const file = await makeStore(name)
    await inRaw(name, (each) => spoil(each, file))
    const records = (): Promise<unknown[]> =>
      inRaw(name, (each) =>
        Promise.all(
          [...each.objectStoreNames].map((store) => resultOf(each.objectStore(store).getAll())),
        ),
      )
    const before = await records()
    for (let attempt = 0; attempt < 2; attempt++) {
      const error: unknown = await openIdb(name).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(VfsError)
      expect((error as VfsError).code).toBe('EIO')
      expect((error as VfsError).operation).toBe('open')
      expect((error as VfsError).message).toMatch(message)
    }
    expect(await records()).toEqual(before)
    await deleteIdb(name)
  })
})

describe('what is counted stays right', () => {
  it('through growth, cuts, holes, links, renames and removals, synced and refused', () =>
    withStore('damage-counts', async (vfs, again) => {
      let open = vfs
      const file = open.create(ROOT_INO, 'file', 0o644)
      const chunk = new Uint8Array(32_768).fill(1)
      for (const index of [0, 1, 2, 7]) open.write(file, chunk, index * 32_768)
      await open.sync()
      open.write(file, new Uint8Array(32_768), 32_768)
      open.truncate(file, 5 * 32_768)
      open.write(file, chunk, 3 * 32_768)
      open.link(file, ROOT_INO, 'second')
      open.rename(ROOT_INO, 'second', ROOT_INO, 'file 2')
      const { put } = IDBObjectStore.prototype
      try {
        IDBObjectStore.prototype.put = function (value: unknown, key?: IDBValidKey) {
          if (this.name === 'chunks') throw new DOMException('no space', 'QuotaExceededError')
          return put.call(this, value, key)
        }
        await expect(open.sync()).rejects.toMatchObject({ code: 'ENOSPC' })
      } finally {
        IDBObjectStore.prototype.put = put
      }
      open.truncate(file, 3 * 32_768)
      open.unlink(ROOT_INO, 'file')
      open = await again()
      expect(open.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['file 2'])
      const content = new Uint8Array(3 * 32_768)
      open.read(file, content, 0)
      const expected = new Uint8Array(3 * 32_768).fill(1).fill(0, 32_768, 2 * 32_768)
      expect(content).toEqual(expected)
      open.acquire(file)
      open.unlink(ROOT_INO, 'file 2')
      await open.sync()
      open = await again()
      expect(open.readdir(ROOT_INO)).toEqual([])
      await open.sync()
      expect((await again()).statfs().files).toBe(1)
    }))
})
