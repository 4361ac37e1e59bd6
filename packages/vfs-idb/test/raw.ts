// The database of a store without the backend: for looking at what is on storage, and for spoiling it.

import type { Vfs } from '@wasm-vfs/core'
import { deleteIdb, openIdb, type IdbOptions } from '@wasm-vfs/idb'

export const databaseOf = (name: string): string => `wasm-vfs/idb:${name}`

/** Runs `work` on a store of its own, which is removed afterwards; `again` closes and reopens it. */
export async function withStore(
  name: string,
  work: (vfs: Vfs, again: () => Promise<Vfs>) => Promise<void>,
  options: IdbOptions = {},
): Promise<void> {
  let vfs = await openIdb(name, options)
  try {
    await work(vfs, async () => {
      await vfs.close()
      vfs = await openIdb(name, options)
      return vfs
    })
  } finally {
    // A store that was spoiled or deleted cannot be closed without an error, which is the test's to check.
    await vfs.close().catch(() => {})
    await deleteIdb(name)
  }
}

export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Opens the database as it is, or at a version of its own. */
export function openRaw(name: string, version?: number): Promise<IDBDatabase> {
  return resultOf(indexedDB.open(databaseOf(name), version))
}

export async function inRaw<T>(
  name: string,
  work: (transaction: IDBTransaction) => T | Promise<T>,
): Promise<T> {
  const database = await openRaw(name)
  try {
    const transaction = database.transaction([...database.objectStoreNames], 'readwrite')
    const complete = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
    const result = await work(transaction)
    await complete
    return result
  } finally {
    database.close()
  }
}

export interface StoredChunk {
  readonly ino: number
  readonly index: number
  readonly bytes: Uint8Array
}

export function chunksOf(name: string): Promise<StoredChunk[]> {
  return inRaw(name, (transaction) =>
    resultOf<StoredChunk[]>(transaction.objectStore('chunks').getAll()),
  )
}
