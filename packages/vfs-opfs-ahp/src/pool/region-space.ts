// Where regions come from and go to. A region is taken (free, known to be zero) → written → left, when
// its inode moves, empties or goes → stale, once the batch that says so is committed → zeroed and
// flushed, once that batch is durable → free. Nothing is taken before it is free, so no byte of one
// file can show up in another however a crash cuts in. A region that no batch has ever named is free at
// once: no tree that a crash can bring back wants its bytes, and who takes it zeroes what is left of them.
//
// Space that waits counts with all its capacity, however little of it was written. So the pack is bounded by
// what is live, with the constants below: `isTooLong`.
//
// Called by the content store; relies on Pool for files, on BuddyAllocator for slots, and on the state
// log to make committed batches durable.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'
import { DEDICATED_MIN, slotSize } from '../layout.ts'
import type { StateLog } from '../log/state-log.ts'
import type { FreeSlot, Slot } from './buddy.ts'
import type { FlushOrder } from './flush-order.ts'
import type { WriteBuffer } from './write-buffer.ts'
import type { PoolFile } from './pool-file.ts'
import type { Pool } from './pool.ts'
import type { Region } from './region.ts'
import { isZero } from './zero.ts'

/** Stale bytes at which they are zeroed right away. */
const STALE_URGENT = 32 * 1024 * 1024
/**
 * In the next asynchronous moment they are zeroed when they are a quarter of the pack, within these
 * bounds. Zeroing takes three flushes whatever it cleans, and queries wait for it.
 */
const STALE_WORTHWHILE_MIN = 1024 * 1024
const STALE_WORTHWHILE_MAX = 16 * 1024 * 1024
/** Bytes above the top of the pack that are worth a truncate and a flush. */
const TRIM_WORTHWHILE = 1024 * 1024
/** A pack of which half is free, and at least this many bytes, is worth compacting. */
const COMPACT_MIN = 8 * 1024 * 1024
/**
 * How long the pack may be, as a multiple of what is live in it and bytes more: after every sync, and when it
 * is closed. With what the files reserve ahead (PoolFile.reserve) a store stays within 2 × live + 64 MiB and
 * 1.5 × live + 16 MiB.
 */
const LENGTH_MAX: Readonly<Record<'synced' | 'closed', readonly [factor: number, more: number]>> = {
  synced: [2, 40 * 1024 * 1024],
  closed: [1.5, 12 * 1024 * 1024],
}

const LOOK_SIZE = 256 * 1024

export interface RegionSpaceParts {
  readonly pool: Pool
  readonly order: FlushOrder
  readonly log: StateLog
  readonly buffer: WriteBuffer
}

export class RegionSpace {
  readonly #pool: Pool
  readonly #order: FlushOrder
  readonly #log: StateLog
  readonly #buffer: WriteBuffer

  // Regions no inode has any more; those in #left until the next batch is committed.
  #left: Region[] = []
  #stale: Region[] = []
  #staleBytes = 0
  #staleFiles = 0
  // Dedicated files longer than their inode since it shrank: not yet committed, and committed, with
  // the size then.
  readonly #shrinking = new Set<Region>()
  readonly #shrunk = new Map<Region, number>()

  constructor(parts: RegionSpaceParts) {
    this.#pool = parts.pool
    this.#order = parts.order
    this.#log = parts.log
    this.#buffer = parts.buffer
  }

  // ---- Taking.

  /** A region for at least `bytes`, with room reserved for them. ENOSPC. */
  take(ino: Ino, bytes: number): Region {
    if (bytes >= DEDICATED_MIN) {
      const file = this.#pool.takeSpare()
      if (file !== undefined) return this.#dedicate(file, ino, bytes)
    }
    return this.#regionIn(this.#pool.slots.take(slotSize(bytes)))
  }

  /**
   * Enlarges a region where it lies, so that it holds `bytes`: a file that grows bit by bit then need
   * not be copied. False if its neighbours are in use. ENOSPC.
   */
  extend(region: Region, bytes: number): boolean {
    const { file, offset, capacity } = region
    if (bytes >= DEDICATED_MIN) return false
    const wanted = slotSize(bytes)
    const added = this.#pool.slots.extend(offset, capacity, wanted)
    if (added === undefined) return false
    try {
      file.reserve(offset + wanted)
      // What a dead session left must not show in this file.
      if (added.suspect) this.#zeroWhereNeeded(region, capacity, wanted)
    } catch (error) {
      for (let half = capacity; half < wanted; half *= 2) {
        this.#pool.slots.give({ offset: offset + half, size: half, suspect: added.suspect })
      }
      throw error
    }
    region.capacity = wanted
    return true
  }

  /** A slot of the same size further down the pack; undefined if there is none. */
  takeBelow(region: Region): Region | undefined {
    const slot = this.#pool.slots.takeBelow(region.capacity, region.offset)
    return slot === undefined ? undefined : this.#regionIn(slot)
  }

  #dedicate(file: PoolFile, ino: Ino, bytes: number): Region {
    // It was used and emptied, and a power cut would bring back what was in it.
    if (!file.clean) file.flushBeforeCommit = true
    try {
      file.reserve(bytes)
    } catch (error) {
      this.#pool.addSpare(file)
      throw error
    }
    file.owner = ino
    return { file, offset: 0, capacity: Infinity, written: 0, size: 0, recorded: false }
  }

  #regionIn(slot: FreeSlot): Region {
    const { pack, slots } = this.#pool
    const { offset, size: capacity } = slot
    const region: Region = { file: pack, offset, capacity, written: 0, size: 0, recorded: false }
    try {
      pack.reserve(offset + capacity)
      // A dead session may have written here after its last commit, or a file that no batch has named.
      if (slot.suspect) this.#zeroWhereNeeded(region, 0, capacity)
    } catch (error) {
      slots.give(slot)
      throw error
    }
    return region
  }

  /**
   * Looking is cheaper than writing. What had to be zeroed must be on storage before a batch gives the space to
   * a file.
   */
  #zeroWhereNeeded(region: Region, from: number, to: number): void {
    const { written } = region
    const buffer = new Uint8Array(Math.max(0, Math.min(to - from, LOOK_SIZE)))
    try {
      for (let at = from; at < to; at += buffer.length) {
        const piece = buffer.subarray(0, Math.min(buffer.length, to - at))
        region.file.read(piece, region.offset + at)
        if (isZero(piece)) continue
        region.file.flushBeforeCommit = true
        this.#buffer.writeZeros(region, at, at + piece.length)
      }
    } finally {
      // Zeros are not content. After a failed extension this would reach into the next region.
      region.written = written
    }
  }

  // ---- Giving back.

  /** The inode has no use for the region any more. */
  leave(region: Region): void {
    this.#shrinking.delete(region)
    this.#shrunk.delete(region)
    // A committed tree may still want these bytes; of a place that no batch has named, none does.
    if (region.recorded) this.#left.push(region)
    else this.#reuse(region)
  }

  #reuse(region: Region): void {
    const { file, offset, capacity } = region
    if (capacity !== Infinity) {
      this.#pool.slots.give({ offset, size: capacity, suspect: region.written > 0 })
      return
    }
    try {
      file.dirty.discard()
      file.storage.truncate(0)
      this.#pool.addSpare(file)
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      // Its inode has gone in any case; cleaning meets the same failure and says so.
      this.#addStale(region)
    }
  }

  /** The inode got smaller; a pool file of its own is cut when that is durable. */
  shrank(region: Region): void {
    if (region.capacity === Infinity) this.#shrinking.add(region)
  }

  /** A batch is committed: what was left before it is stale now. */
  committed(): void {
    for (const region of this.#left) this.#addStale(region)
    this.#left = []
    for (const region of this.#shrinking) this.#shrunk.set(region, region.size)
    this.#shrinking.clear()
    if (this.#staleBytes >= STALE_URGENT) this.clean()
  }

  get worthCleaning(): boolean {
    const share = this.#pool.slots.top / 4
    const worthwhile = Math.min(Math.max(share, STALE_WORTHWHILE_MIN), STALE_WORTHWHILE_MAX)
    return this.#staleBytes >= worthwhile || this.#shrunk.size > 0
  }

  /** Cleaning yields whole files, as good as new ones and older. */
  get holdsFiles(): boolean {
    return this.#staleFiles > 0
  }

  get worthCompacting(): boolean {
    const { freeBytes, top } = this.#pool.slots
    return freeBytes >= COMPACT_MIN && freeBytes >= top / 2
  }

  /** The pack is longer than what is live in it allows. */
  isTooLong(when: 'synced' | 'closed'): boolean {
    const { freeBytes, top } = this.#pool.slots
    let live = top - freeBytes
    for (const { capacity } of [...this.#stale, ...this.#left]) {
      if (capacity !== Infinity) live -= capacity
    }
    const [factor, more] = LENGTH_MAX[when]
    return top > factor * live + more
  }

  #addStale(region: Region): void {
    this.#stale.push(region)
    this.#staleBytes += region.capacity === Infinity ? region.file.storage.size : region.capacity
    if (region.capacity === Infinity) this.#staleFiles++
  }

  // ---- Cleaning.

  /** Zeroes stale regions and cuts files that shrank, then gives the space back. */
  clean(): void {
    if (this.#stale.length === 0 && this.#shrunk.size === 0) return
    // The facts that left these regions must be durable first: until then a power cut brings the old
    // tree back, and it wants its bytes.
    this.#order.flushAll()
    this.#log.sync()
    const stale = this.#stale
    this.#stale = []
    this.#staleBytes = 0
    this.#staleFiles = 0
    try {
      this.#empty(stale)
    } catch (error) {
      for (const region of stale) this.#addStale(region)
      throw error
    }
    for (const { file, offset, capacity } of stale) {
      if (capacity === Infinity) this.#pool.addSpare(file)
      else this.#pool.slots.give({ offset, size: capacity, suspect: false })
    }
    this.#trimPack()
  }

  /**
   * For a clean close: gives up what is stale as it is, and returns all free space that is not known to
   * be zero, for the next session to look at when it takes it.
   */
  abandon(): Slot[] {
    const { slots } = this.#pool
    for (const { offset, capacity: size } of this.#stale)
      slots.give({ offset, size, suspect: true })
    this.#stale = []
    if (this.#pool.pack.storage.size - slots.top >= TRIM_WORTHWHILE) {
      // The older tree that a power cut would bring back wants the bytes of what is stale.
      this.#order.flushAll()
      this.#log.sync()
      this.#trimPack()
    }
    return [...slots.suspectSpace()]
  }

  #empty(stale: readonly Region[]): void {
    const touched = new Set<PoolFile>()
    for (const region of stale) {
      touched.add(region.file)
      if (region.capacity === Infinity) {
        region.file.dirty.discard()
        region.file.storage.truncate(0)
      } else {
        this.#buffer.writeZeros(region, 0, region.written)
      }
    }
    for (const [region, committedSize] of this.#shrunk) {
      // It may have shrunk further, which is not committed, or grown again.
      const end = Math.max(committedSize, region.size)
      if (region.written <= end) continue
      touched.add(region.file)
      this.#buffer.writeBack(region.file)
      region.file.storage.truncate(end)
      region.written = end
    }
    this.#shrunk.clear()
    // On storage before anyone takes it: a power cut must not bring the old bytes back under a new file.
    for (const file of touched) this.#buffer.flush(file)
  }

  /** Zeroes what a dead session left behind the ends of files: after a clean close an open takes that for zero. */
  removeLeftovers(regions: Iterable<Region>): void {
    const { pack, slots } = this.#pool
    // The last batch may have cut a file. Until it is on storage a power cut brings the longer file
    // back, and it wants its end.
    this.#order.flushAll()
    this.#log.sync()
    for (const region of regions) {
      const { file, offset, capacity, size } = region
      // A file's growth may not have reached storage before its size did.
      file.reserve(offset + size)
      this.#zeroWhereNeeded(region, size, Math.min(capacity, file.storage.size - offset))
    }
    if (pack.storage.size <= slots.top) return
    this.#buffer.writeBack(pack)
    pack.storage.truncate(slots.top)
    slots.trimmed()
  }

  #trimPack(): void {
    const { pack, slots } = this.#pool
    if (pack.storage.size - slots.top < TRIM_WORTHWHILE) return
    this.#buffer.writeBack(pack)
    pack.storage.truncate(slots.top)
    pack.storage.flush()
    slots.trimmed()
  }
}
