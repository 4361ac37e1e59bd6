// The layout on storage: version 1 as it was published, what is not a store, and what cannot be one.

import { ROOT_INO, VfsError } from '@wasm-vfs/core'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it } from 'vitest'
import { databaseOf, inRaw, resultOf, withStore } from './raw.ts'

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

describe('version 1', () => {
  it('is read to the last attribute, and written on', async () => {
    await makeVersion1('layout-v1')
    await withStore('layout-v1', async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['b', 'a'])
      const [mtime, ctime] = [2, 3]
      const attributes = { ino: FILE, mode: 0o100640, nlink: 2, size: 100_000, mtime, ctime }
      expect(vfs.getattr(FILE)).toMatchObject(attributes)
      const content = new Uint8Array(100_000)
      vfs.read(FILE, content, 0)
      expect([content.indexOf(7), content.indexOf(8)]).toEqual([65_536, 65_537])
      expect(content.reduce((sum, byte) => sum + byte, 0)).toBe(15)
      expect(vfs.create(ROOT_INO, 'c', 0o644)).toBe(12)
      const names = (await again()).readdir(ROOT_INO).map(({ name }) => name)
      expect(names).toEqual(['b', 'a', 'c'])
    })
  })
})

describe('damage is EIO, says what it is, and nothing is changed', () => {
  const put = (transaction: IDBTransaction, store: string, value: unknown): void => {
    transaction.objectStore(store).put(value)
  }
  const spoilings: readonly [string, RegExp, (transaction: IDBTransaction) => void][] = [
    ['no root', /root/, (each) => each.objectStore('inodes').delete(ROOT_INO)],
    ['no inodes', /root/, (each) => each.objectStore('inodes').clear()],
    [
      'a name that leads nowhere',
      /'b' leads to inode 2/,
      (each) => each.objectStore('inodes').delete(FILE),
    ],
    ['no next inode number', /next inode number/, (each) => each.objectStore('state').clear()],
    [
      'content of no file',
      /inode 77/,
      (each) => put(each, 'chunks', { ino: 77, index: 0, bytes: Uint8Array.of(1) }),
    ],
    [
      'content beyond the end',
      /chunk 2/,
      (each) => put(each, 'chunks', { ino: FILE, index: 2, bytes: Uint8Array.of(1) }),
    ],
    [
      'content that is no bytes',
      /not bytes/,
      (each) => put(each, 'chunks', { ino: FILE, index: 0, bytes: 'text' }),
    ],
    [
      'a chunk that is too long',
      /too many/,
      (each) => put(each, 'chunks', { ino: FILE, index: 0, bytes: new Uint8Array(65_537) }),
    ],
  ]

  it.each(spoilings)('%s', async (title, message, spoil) => {
    const name = `layout-damaged-${title}`
    await makeVersion1(name)
    await inRaw(name, spoil)
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
      expect((error as VfsError).message).toMatch(message)
    }
    expect(await records()).toEqual(before)
    await deleteIdb(name)
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
    await expect(openIdb('x', { typo: 1 } as never)).rejects.toThrow("unknown option 'typo'")
    expect(await listIdb()).not.toContain('x')
  })

  it('tells how far it is', () =>
    withStore('layout-progress', async (vfs) => {
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      vfs.write(file, new Uint8Array(40 << 20).fill(1), 0)
      await vfs.close()
      const told: number[] = []
      const again = await openIdb('layout-progress', {
        onProgress({ chunksLoaded, chunksTotal }) {
          expect(chunksTotal).toBe(640)
          told.push(chunksLoaded)
        },
      })
      expect(told).toEqual([256, 512, 640])
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
