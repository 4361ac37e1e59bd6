// Deferred flushes, for relaxed durability. A relaxed fsync hands its bytes to the browser and puts the
// flush off, by at most one window. What makes that safe is order: nothing that the program wrote after
// the fsync may reach storage before what the fsync covered. So before any other bytes are handed down
// the deferred flush is performed, except for bytes that only continue the same file: a write-ahead log
// moving forward. A power cut then takes back the newest commits and never leaves a page on storage
// whose log record is not.

import type { PoolFile } from './pool-file.ts'

interface Deferred {
  /** The start of the last page that the fsync covered: from here on the file may go forward. */
  readonly mark: number
}

/** A log rewrites the page it ends in, in bytes: Postgres's WAL block, and SQLite's largest common page. */
const PAGE = 8192

export class FlushOrder {
  readonly #windowMs: number
  readonly #deferred = new Map<PoolFile, Deferred>()
  #deadline = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `windowMs`: the longest a flush is put off. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A relaxed fsync of a file: everything of it has been handed down and is not flushed yet. */
  defer(file: PoolFile): void {
    if (this.#deferred.size === 0) {
      this.#deadline = Date.now() + this.#windowMs
      this.#timer = setTimeout(() => this.#onTimer(), this.#windowMs)
    }
    const mark = Math.max(file.lastWriteAt, Math.floor((file.lastWriteEnd - 1) / PAGE) * PAGE)
    this.#deferred.set(file, { mark })
  }

  /** Bytes of `file` from offset `at` on are about to be handed down. */
  before(file: PoolFile, at: number): void {
    if (this.#deferred.size === 0) return
    for (const [other, { mark }] of this.#deferred) {
      const goesForward = other === file && file.owner !== undefined && at >= mark
      if (!goesForward) {
        this.flushAll()
        return
      }
    }
  }

  /** A busy program may never let a timer run, so writes and fsyncs look at the clock too. */
  checkDeadline(): void {
    if (this.#deferred.size > 0 && Date.now() >= this.#deadline) this.flushAll()
  }

  /** Performs every deferred flush. */
  flushAll(): void {
    if (this.#deferred.size === 0) return
    for (const file of this.#deferred.keys()) {
      file.storage.flush()
      this.#deferred.delete(file)
    }
    clearTimeout(this.#timer)
  }

  /** Forgets what is deferred: everything has been flushed, or the store is given up. */
  cancel(): void {
    this.#deferred.clear()
    clearTimeout(this.#timer)
  }

  #onTimer(): void {
    try {
      this.flushAll()
    } catch {
      // The file remembers that its flush failed: every later write and fsync of it throws EIO.
    }
  }
}
