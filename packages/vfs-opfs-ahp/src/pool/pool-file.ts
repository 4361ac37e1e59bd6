// A pool file in use: its storage, the bytes gathered for it, and what it is used for. Made by the
// Pool, written to by the content store.

import type { Ino } from '@wasm-vfs/core/backend'
import type { Counters } from '../storage/counters.ts'
import type { StorageFile } from '../storage/storage-file.ts'
import { DirtyChunks } from './dirty-chunks.ts'
import type { FlushOrder } from './flush-order.ts'

/**
 * Files grow in steps of a quarter of their size within these bounds, in bytes: each step is a message
 * to the browser's own process (300 µs in Chromium, 600 µs in Firefox).
 */
const GROWTH_MIN = 1024 * 1024
const GROWTH_MAX = 16 * 1024 * 1024

export class PoolFile {
  readonly serial: number
  /** How long the store had been open when the file was made, in milliseconds; a fresh name is not yet durable. */
  born: number
  readonly storage: StorageFile
  readonly dirty: DirtyChunks
  /** The inode that has this file for itself; undefined for the pack and for spares. */
  owner: Ino | undefined
  /**
   * Holds bytes that no earlier committed place has: a file that moved here, zeros over a dead
   * session's leftovers. They must be on storage before facts that rely on them are handed down.
   */
  flushBeforeCommit = false
  /** Where in the file the latest write began and ended. */
  lastWriteAt = 0
  lastWriteEnd = 0

  constructor(
    serial: number,
    born: number,
    storage: StorageFile,
    counters: Counters,
    order: FlushOrder,
  ) {
    this.serial = serial
    this.born = born
    this.storage = storage
    this.dirty = new DirtyChunks(storage, counters, (at) => order.before(this, at))
  }

  read(into: Uint8Array, at: number): void {
    this.dirty.read(into, at)
  }

  write(from: Uint8Array, at: number): void {
    this.lastWriteAt = at
    this.lastWriteEnd = at + from.length
    this.dirty.write(from, at)
  }

  /**
   * Makes room up to `end`, so that a lack of space shows in the call that asks for it and never in a
   * later fsync. What is added reads as zeros. ENOSPC.
   */
  reserve(end: number): void {
    const { size } = this.storage
    if (end <= size) return
    const step = Math.min(Math.max(size / 4, GROWTH_MIN), GROWTH_MAX)
    const generous = Math.ceil(end / step) * step
    try {
      this.storage.truncate(generous)
    } catch {
      // The quota may still have room for what is really needed; if not, this says so.
      this.storage.truncate(end)
    }
  }

  get clean(): boolean {
    return this.dirty.empty && !this.storage.unflushed
  }

  /** Everything written so far is on storage when this returns. */
  flush(): void {
    this.dirty.writeBack()
    this.storage.flush()
  }
}
