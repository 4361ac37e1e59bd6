// Where in the data ring the next bytes go. Called by the channel, which frees bytes in the order in which
// it took them. Positions only grow; a piece never wraps around the end, so that it is one view.

export class DataRing {
  readonly size: number
  // The bytes from #tail to #head are taken, #head - #tail <= size; the ring holds position p at p % size.
  #head = 0
  #tail = 0

  constructor(size: number) {
    this.size = size
  }

  /** The position behind all that is taken, for `freeTo`. */
  get head(): number {
    return this.#head
  }

  /** The offset of `length` bytes that are now taken; -1 if there is no room for them yet. */
  take(length: number): number {
    let at = this.#head % this.size
    let end = this.#head + length
    if (at + length > this.size) {
      end += this.size - at
      at = 0
    }
    if (end - this.#tail > this.size) return -1
    this.#head = end
    return at
  }

  /**
   * Nothing is taken, and no position given out is going to come back. Starting over keeps a program
   * that waits for each write in the same few cache lines.
   */
  restart(): void {
    this.#head = this.#tail = 0
  }

  /** Everything taken before `position` was `head` is free. */
  freeTo(position: number): void {
    this.#tail = position
  }
}
