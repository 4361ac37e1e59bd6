// The database of a store without the backend: for looking at what is on storage, and for spoiling it.

import type { Vfs } from '@wasm-vfs/core'
import { deleteIdb, openIdb, type IdbOptions } from '@wasm-vfs/idb'
import { decodeRecord, decodeHead } from '../src/codec.ts'
import {
  CHUNK_SIZE,
  type Head,
  type HeadRecord,
  type LogRecord,
  type SegmentRecord,
} from '../src/layout.ts'

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

export interface StoredRecords {
  readonly head: Head
  readonly log: readonly LogRecord[]
  readonly segments: readonly SegmentRecord[]
}

export function recordsOf(name: string): Promise<StoredRecords> {
  return inRaw(name, async (transaction) => {
    const [head, log, segments] = await Promise.all([
      resultOf<HeadRecord>(transaction.objectStore('state').get('head')),
      resultOf<LogRecord[]>(transaction.objectStore('log').getAll()),
      resultOf<SegmentRecord[]>(transaction.objectStore('segments').getAll()),
    ])
    return { head: decodeHead(head), log, segments }
  })
}

/** All chunks that storage has, by inode and index: what the segments say, and then the log. */
export async function chunksOf(name: string): Promise<StoredChunk[]> {
  const { head, log, segments } = await recordsOf(name)
  const chunks = new Map<string, StoredChunk>()
  const set = (chunk: StoredChunk): void => void chunks.set(`${chunk.ino}/${chunk.index}`, chunk)
  for (const { id, runs } of head.segments) {
    const { bytes } = segments.find((segment) => segment.id === id)!
    for (const [at, ino, index, count] of runs) {
      for (let each = 0; each < count; each++) {
        const start = (at + each) * CHUNK_SIZE
        set({ ino, index: index + each, bytes: bytes.slice(start, start + CHUNK_SIZE) })
      }
    }
  }
  for (const record of log) {
    for (const change of decodeRecord(record).content) {
      const { ino, index } = change
      if (change.type === 'chunk') set(change)
      else if (change.type === 'hole') chunks.delete(`${ino}/${index}`)
      else {
        for (const [key, chunk] of chunks) {
          if (chunk.ino === ino && chunk.index >= index) chunks.delete(key)
        }
      }
    }
  }
  return [...chunks.values()].sort((a, b) => a.ino - b.ino || a.index - b.index)
}
