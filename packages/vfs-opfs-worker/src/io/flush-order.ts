// Deferred flushes, for relaxed durability. A relaxed fsync hands its bytes to the browser and puts the
// flush off, by at most one window. What makes that safe is order: nothing that the program wrote after
// the fsync may reach storage before what the fsync covered. So before any other bytes are handed down
// the deferred flushes are performed, except for bytes that only continue the same file: a write-ahead
// log moving forward. A power cut then takes back the newest commits and never leaves a page on storage
// whose log record is not.
//
// A file with a deferred flush keeps its handle, so performing it needs no asynchronous call. There is no
// timer: the serving loop blocks when it is idle, and asks for the deadline before it does.

import { toVfsError, type VfsError } from '@wasm-vfs/core/backend'
import type { StoredFile } from './stored-file.ts'

/** A log rewrites the page it ends in, in bytes: Postgres's WAL block, and SQLite's largest common page. */
const PAGE = 8192

export class FlushOrder {
  readonly #windowMs: number
  // Each with the start of the last page that its fsync covered: from there on it may go forward.
  readonly #deferred = new Map<StoredFile, number>()
  // Set while committed batches, or frames of the journal, are handed down and not flushed.
  #flushLog: (() => void) | undefined
  #deadline = 0
  #failure: VfsError | undefined

  /** `windowMs`: the longest a flush is put off. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** When the deferred flushes are due, by performance.now(); undefined if there are none. */
  get deadline(): number | undefined {
    return this.#pending && this.#failure === undefined ? this.#deadline : undefined
  }

  /** A deferred flush has failed: what it covered was acknowledged and may be gone. */
  get failure(): VfsError | undefined {
    return this.#failure
  }

  /** The flush of some file has been put off. */
  get hasFiles(): boolean {
    return this.#deferred.size > 0
  }

  /** A relaxed fsync of an open file. */
  defer(file: StoredFile): void {
    this.#startWindow()
    const mark = Math.max(file.lastWriteAt, Math.floor((file.lastWriteEnd - 1) / PAGE) * PAGE)
    this.#deferred.set(file, mark)
  }

  /** A relaxed commit of a batch or fsync of a small file; what it relies on has been flushed. */
  deferLog(flush: () => void): void {
    this.#startWindow()
    this.#flushLog = flush
  }

  /** Bytes of `file` from offset `at` on are about to be handed down. */
  before(file: StoredFile, at: number): void {
    if (!this.#pending) return
    if (performance.now() >= this.#deadline || this.#flushLog !== undefined) return this.flushAll()
    for (const [other, mark] of this.#deferred) {
      if (other !== file || at < mark) return this.flushAll()
    }
  }

  /** The file's handle is about to be closed. */
  beforeClose(file: StoredFile): void {
    if (this.#deferred.has(file)) this.flushAll()
  }

  /** A busy program never lets the loop sleep, so every request looks at the clock. */
  checkDeadline(): void {
    if (this.#pending && performance.now() >= this.#deadline) this.flushAll()
  }

  /** Performs every deferred flush. Once one has failed this always throws: a second try would lie. */
  flushAll(): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      // Files deferred with a batch pending were fsynced after it.
      this.#flushLog?.()
      this.#flushLog = undefined
      for (const file of this.#deferred.keys()) {
        file.open!.flush()
        this.#deferred.delete(file)
      }
    } catch (error) {
      throw (this.#failure = toVfsError(error, 'fsync'))
    }
  }

  /** The file is gone, and nobody relies on its bytes. */
  forget(file: StoredFile): void {
    this.#deferred.delete(file)
  }

  get #pending(): boolean {
    return this.#flushLog !== undefined || this.#deferred.size > 0
  }

  #startWindow(): void {
    if (!this.#pending) this.#deadline = performance.now() + this.#windowMs
  }
}
