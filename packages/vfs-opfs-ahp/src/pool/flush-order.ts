// Deferred flushes, for relaxed durability. A relaxed fsync hands its bytes to the browser and puts the
// flush off, by at most one window. What makes that safe is order: nothing that the program wrote after
// the fsync may reach storage before what the fsync covered. So before any other bytes are handed down
// the deferred flush is performed, except for bytes that only continue the same file: a write-ahead log
// moving forward. A power cut then takes back the newest commits and never leaves a page on storage
// whose log record is not. A batch of the state log is what an fsync covered, too: names and sizes.

import type { PoolFile } from './pool-file.ts'

interface Deferred {
  /** The start of the last page that the fsync covered: from here on the file may go forward. */
  readonly mark: number
}

/** A log rewrites the page it ends in, in bytes: Postgres's WAL block, and SQLite's largest common page. */
const PAGE = 8192

/** The state log, as far as its flushes can be put off. */
export interface DeferrableLog {
  flush(): void
}

// Windows are measured by `performance.now()`, which no change of the system's clock moves.
export class FlushOrder {
  readonly #windowMs: number
  readonly #deferred = new Map<PoolFile, Deferred>()
  // Set while committed batches are handed down and not flushed.
  #log: DeferrableLog | undefined
  #deadline = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `windowMs`: the longest a flush is put off. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A relaxed fsync of a file: everything of it has been handed down and is not flushed yet. */
  defer(file: PoolFile): void {
    this.#startWindow()
    const mark = Math.max(file.lastWriteAt, Math.floor((file.lastWriteEnd - 1) / PAGE) * PAGE)
    this.#deferred.set(file, { mark })
  }

  /** A relaxed commit of a batch; the files it relies on have been flushed. */
  deferLog(log: DeferrableLog): void {
    this.#startWindow()
    this.#log = log
  }

  /** Bytes of `file` from offset `at` on are about to be handed down. */
  before(file: PoolFile, at: number): void {
    if (this.#log !== undefined) this.flushAll()
    for (const [other, { mark }] of this.#deferred) {
      const goesForward = other === file && file.owner !== undefined && at >= mark
      if (!goesForward) {
        this.flushAll()
        return
      }
    }
  }

  /** A busy program may never let a timer run, so writes, fsyncs and commits look at the clock too. */
  checkDeadline(): void {
    if (this.#pending && performance.now() >= this.#deadline) this.flushAll()
  }

  /**
   * A batch is about to be appended to the log. What it may rely on is flushed; an earlier batch need
   * not be, because the log only moves forward and a torn one is cut: a power cut takes the newest
   * batches, never an older one alone.
   */
  beforeBatch(): void {
    if (this.#deferred.size > 0) this.flushAll()
    else this.checkDeadline()
  }

  /** Performs every deferred flush. */
  flushAll(): void {
    if (!this.#pending) return
    // Files deferred with a batch pending were fsynced after it.
    this.#log?.flush()
    this.#log = undefined
    for (const file of this.#deferred.keys()) {
      file.storage.flush()
      this.#deferred.delete(file)
    }
    clearTimeout(this.#timer)
  }

  /** Forgets what is deferred: everything has been flushed, or the store is given up. */
  cancel(): void {
    this.#log = undefined
    this.#deferred.clear()
    clearTimeout(this.#timer)
  }

  get #pending(): boolean {
    return this.#log !== undefined || this.#deferred.size > 0
  }

  #startWindow(): void {
    if (this.#pending) return
    this.#deadline = performance.now() + this.#windowMs
    this.#timer = setTimeout(() => this.#onTimer(), this.#windowMs)
  }

  #onTimer(): void {
    try {
      this.flushAll()
    } catch {
      // The file remembers that its flush failed: every later write and fsync of it throws EIO.
    }
  }
}
