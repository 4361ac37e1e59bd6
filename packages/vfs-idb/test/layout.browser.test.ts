// What is not a store and what cannot be one, what an opening is asked for, and the list of stores.

import { ROOT_INO } from '@wasm-vfs/core'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it, vi } from 'vitest'
import { CHUNK_SIZE, SEGMENT_CHUNKS } from '../src/layout.ts'
import { databaseOf, inRaw, resultOf, withStore } from './raw.ts'

describe('opening', () => {
  it('finds a new store empty, also where its maker has written nothing', () =>
    withStore('layout-new', async (vfs, again) => {
      expect(vfs.readdir(ROOT_INO)).toEqual([])
      expect((await again()).readdir(ROOT_INO)).toEqual([])
    }))

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
