// Buddy allocation of power-of-two slots in a pack file's address space, which grows at the top as
// needed. A slot of size s lies at a multiple of s. Free slots are known to be zero on storage, unless
// marked suspect: then old bytes may lie there, and whoever takes the slot looks first.

import { SLOT_MIN } from '../layout.ts'

export interface Slot {
  readonly offset: number
  readonly size: number
}

export interface FreeSlot extends Slot {
  /** What lies in the slot is unknown. */
  readonly suspect: boolean
}

export class BuddyAllocator {
  // Free slots by size, each as offset → suspect. A slot and its buddy are never both free, or they
  // would be one slot of the next size.
  readonly #free = new Map<number, Map<number, boolean>>()
  #top = 0
  // Space above the top that was suspect when the top came down past it; it stays so until the file
  // has been cut there.
  #suspectBelow = 0

  /** The end of the highest slot taken, in bytes. */
  get top(): number {
    return this.#top
  }

  /** Takes the best-fitting free slot, or one at the top. `size` is a power of two from SLOT_MIN. */
  take(size: number): FreeSlot {
    for (let candidate = size; candidate <= this.#top; candidate *= 2) {
      const found = this.#free.get(candidate)?.keys().next().value
      if (found !== undefined) return this.#split(found, candidate, size)
    }
    return this.#extend(size)
  }

  /** Takes a free slot below `limit`; undefined if there is none. */
  takeBelow(size: number, limit: number): FreeSlot | undefined {
    for (let candidate = size; candidate <= this.#top; candidate *= 2) {
      for (const offset of this.#free.get(candidate)?.keys() ?? []) {
        if (offset < limit) return this.#split(offset, candidate, size)
      }
    }
    return undefined
  }

  /**
   * Doubles a taken slot of `size` at `offset`, once or more, up to `wanted`; what is added is returned.
   * Undefined, and nothing changed, if that space is not free or the slot would not be aligned.
   */
  extend(offset: number, size: number, wanted: number): FreeSlot | undefined {
    if (offset % wanted !== 0) return undefined
    let suspect = false
    let at = size
    for (; at < wanted && offset + at < this.#top; at *= 2) {
      const buddy = this.#free.get(at)?.get(offset + at)
      if (buddy === undefined) return undefined
      suspect ||= buddy
    }
    for (let half = size; half < at; half *= 2) this.#remove(offset + half, half)
    if (at < wanted) {
      suspect ||= offset + at < this.#suspectBelow
      this.#top = offset + wanted
    }
    return { offset: offset + size, size: wanted - size, suspect }
  }

  /**
   * Gives a slot back, zeroed unless marked suspect. Free space at the very top is not kept: the top
   * comes down instead.
   */
  give(slot: FreeSlot): void {
    let { offset, size, suspect } = slot
    for (;;) {
      if (offset + size === this.#top) {
        this.#lowerTop(offset, suspect)
        return
      }
      const buddy = buddyOf(offset, size)
      const buddySuspect = this.#free.get(size)?.get(buddy)
      if (buddySuspect === undefined) break
      this.#remove(buddy, size)
      suspect ||= buddySuspect
      offset = Math.min(offset, buddy)
      size *= 2
    }
    this.#insert(offset, size, suspect)
  }

  /** The file has been cut at the top, durably: what lies above reads as zeros. */
  trimmed(): void {
    this.#suspectBelow = 0
  }

  /**
   * Rebuilds the free space of a pack in which exactly `taken` is in use. Suspect is all free space that
   * `suspect` touches, the space above the top included. The slots must not overlap and each must be
   * aligned to its size: returns what is wrong, or undefined.
   */
  rebuild(taken: readonly Slot[], suspect: readonly Slot[]): string | undefined {
    this.#free.clear()
    this.#top = 0
    for (const slot of taken.toSorted((a, b) => a.offset - b.offset)) {
      if (slot.offset % slot.size !== 0) return `the slot at ${slot.offset} is not aligned`
      if (slot.offset < this.#top) return `two slots overlap at ${slot.offset}`
      this.#freeRange(this.#top, slot.offset, false)
      this.#top = slot.offset + slot.size
    }
    this.#suspectBelow = 0
    for (const { offset, size } of suspect) this.#suspectRange(offset, offset + size)
    return undefined
  }

  /** All space that is free and suspect, the space above the top included. */
  *suspectSpace(): Generator<Slot> {
    for (const { offset, size, suspect } of this.freeSlots()) if (suspect) yield { offset, size }
    const above = this.#suspectBelow - this.#top
    if (above > 0) yield { offset: this.#top, size: above }
  }

  /** Bytes below the top that are free. */
  get freeBytes(): number {
    let bytes = 0
    for (const [size, slots] of this.#free) bytes += size * slots.size
    return bytes
  }

  /** Free slots, for a check of the whole store. */
  *freeSlots(): Generator<FreeSlot> {
    for (const [size, slots] of this.#free) {
      for (const [offset, suspect] of slots) yield { offset, size, suspect }
    }
  }

  /** The lower half is kept and the upper halves stay free, until what is left has the size wanted. */
  #split(offset: number, from: number, size: number): FreeSlot {
    const suspect = this.#remove(offset, from)
    for (let half = from / 2; half >= size; half /= 2) this.#insert(offset + half, half, suspect)
    return { offset, size, suspect }
  }

  #extend(size: number): FreeSlot {
    const offset = Math.ceil(this.#top / size) * size
    const gap = this.#top
    this.#top = offset + size
    this.#freeRange(gap, offset, gap < this.#suspectBelow)
    return { offset, size, suspect: offset < this.#suspectBelow }
  }

  /** Frees [from, to) as the largest aligned slots that fit. */
  #freeRange(from: number, to: number, suspect: boolean): void {
    let at = from
    while (at < to) {
      let size = SLOT_MIN
      while (at % (size * 2) === 0 && at + size * 2 <= to) size *= 2
      this.#insert(at, size, suspect)
      at += size
    }
  }

  #suspectRange(from: number, to: number): void {
    this.#suspectBelow = Math.max(this.#suspectBelow, to)
    for (const [size, slots] of this.#free) {
      for (const offset of slots.keys()) {
        if (offset < to && offset + size > from) slots.set(offset, true)
      }
    }
  }

  #lowerTop(offset: number, suspect: boolean): void {
    if (suspect) this.#suspectBelow = Math.max(this.#suspectBelow, this.#top)
    this.#top = offset
    for (const [size, slots] of this.#free) {
      if (!slots.has(offset - size)) continue
      this.#lowerTop(offset - size, this.#remove(offset - size, size))
      return
    }
  }

  #insert(offset: number, size: number, suspect: boolean): void {
    let slots = this.#free.get(size)
    if (slots === undefined) this.#free.set(size, (slots = new Map()))
    slots.set(offset, suspect)
  }

  #remove(offset: number, size: number): boolean {
    const slots = this.#free.get(size)!
    const suspect = slots.get(offset)!
    slots.delete(offset)
    return suspect
  }
}

/** The neighbour that a slot was split from. XOR on numbers beyond 2^31, where `^` does not reach. */
function buddyOf(offset: number, size: number): number {
  return (offset / size) % 2 === 0 ? offset + size : offset - size
}
