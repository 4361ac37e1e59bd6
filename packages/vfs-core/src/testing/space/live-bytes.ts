// What is live in a store: a slot for each file of the current tree, of the newest durable tree, and of those
// that are open. Kept by the runner, which tells it of every operation; knows the sizes that a program knows.
//
// A slot is a power of two from 4 KiB. It holds the largest size that its file has had since it was made or
// emptied, because a file that shrinks keeps its place.

import type { Ino } from '../../contract/index.ts'

const SLOT_MIN = 4096

/** The smallest slot that holds `bytes`; none for an empty file. */
export function slotSize(bytes: number): number {
  if (bytes === 0) return 0
  let size = SLOT_MIN
  while (size < bytes) size *= 2
  return size
}

interface Slot {
  readonly size: number
}

const NONE: Slot = { size: 0 }

export class LiveBytes {
  // Of files with a name or open.
  readonly #current = new Map<Ino, Slot>()
  #durable: ReadonlySet<Slot> = new Set()

  /** The size of a file has changed, or the file is new. */
  sized(ino: Ino, bytes: number): void {
    const slot = this.#current.get(ino) ?? NONE
    const size = bytes === 0 ? 0 : Math.max(slot.size, slotSize(bytes))
    // Another size is another slot: the durable tree may still name this one.
    if (size !== slot.size || slot === NONE) this.#current.set(ino, { size })
  }

  /** Neither a name nor an open file leads to it any more. */
  gone(ino: Ino): void {
    this.#current.delete(ino)
  }

  /** The current tree is the newest durable one. */
  synced(): void {
    this.#durable = new Set(this.#current.values())
  }

  get bytes(): number {
    let bytes = 0
    for (const { size } of new Set([...this.#durable, ...this.#current.values()])) bytes += size
    return bytes
  }
}
