// Reads ahead for whoever reads a file from front to back. A call into the browser costs 3 µs in
// Chromium and 50 µs in Firefox whatever it carries up to some 100 KiB, and Postgres scans a table in
// pages of 8 KiB. Used by StorageFile, which says when what was read ahead has become old.

/** Bytes to read at once when the second read in a row goes on where the first ended. */
const WINDOW = 128 * 1024

export class ReadAhead {
  #window: Uint8Array | undefined
  // What the window holds: bytes of the file from #start to #end.
  #start = 0
  #end = 0
  // Where a reader that goes forward would read next.
  #next = -1

  /** Fills `into` from what was read ahead; false if that does not hold all of it. */
  take(into: Uint8Array, at: number): boolean {
    const outside = at < this.#start || at + into.length > this.#end
    if (outside || this.#window === undefined) return false
    into.set(this.#window.subarray(at - this.#start, at - this.#start + into.length))
    this.#next = at + into.length
    return true
  }

  /**
   * Room to fill with the file's bytes from `at` on, if the read of `length` bytes there goes on where
   * the last one ended and the file, which ends at `size`, has more; then call `filled`.
   */
  room(at: number, length: number, size: number): Uint8Array | undefined {
    const forward = at === this.#next
    this.#next = at + length
    const ahead = Math.min(WINDOW, size - at)
    if (!forward || ahead <= length) return undefined
    this.#window ??= new Uint8Array(WINDOW)
    this.forget()
    return this.#window.subarray(0, ahead)
  }

  filled(at: number, length: number): void {
    this.#start = at
    this.#end = at + length
  }

  /** The file's bytes from `from` to `to` have changed. */
  changed(from: number, to: number): void {
    if (from < this.#end && to > this.#start) this.forget()
  }

  forget(): void {
    this.#start = this.#end = 0
  }
}
