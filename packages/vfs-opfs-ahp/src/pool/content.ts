// The content store: bytes by inode, each inode in one contiguous region, either a power-of-two slot of
// the pack or a pool file of its own. Called by the engine; relies on Pool for files and handles, on
// BuddyAllocator for slots, on DirtyChunks for gathering writes and on FlushOrder for relaxed order.
//
// The life of a region: taken (free, known to be zero) → written → left, when its inode moves, empties
// or goes → stale, once the batch that says so is committed → zeroed and flushed, once that batch is
// durable → free. Nothing is taken before it is free, so no byte of one file can show up in another
// however a crash cuts in.

import {
  type Batch,
  type ContentHost,
  type ContentStore,
  type DurabilityLevel,
  type Ino,
  type SpaceStatistics,
} from '@wasm-vfs/core/backend'
import { DEDICATED_MIN, slotSize } from '../layout.ts'
import type { StateLog } from '../log/state-log.ts'
import type { FreeSlot } from './buddy.ts'
import type { PlaceFact, PoolFact, UnplaceFact } from './facts.ts'
import type { FlushOrder } from './flush-order.ts'
import type { PoolFile } from './pool-file.ts'
import type { Pool } from './pool.ts'
import { SpaceEstimate } from './space-estimate.ts'
import { isZero } from './zero.ts'

export interface Region {
  readonly file: PoolFile
  /** Where the region starts in the file, and its length; Infinity for a whole pool file. */
  readonly offset: number
  readonly capacity: number
  /** Bytes up to which anything was ever written here; beyond, the region is zero. */
  written: number
  /** Size of the inode. */
  size: number
  /** A batch has named this place. */
  recorded: boolean
}

export interface PoolContentOptions {
  readonly pool: Pool
  readonly order: FlushOrder
  readonly log: StateLog
  readonly level: DurabilityLevel
  /** Most bytes of gathered writes to hold. */
  readonly cacheBytes: number
}

/** Stale bytes at which they are zeroed right away, and in the next asynchronous moment. */
const STALE_URGENT = 32 * 1024 * 1024
const STALE_WORTHWHILE = 1024 * 1024

const COPY_SIZE = 256 * 1024
/** A large write is looked through for zeros in pieces of this many bytes. */
const ZERO_PIECE = 64 * 1024
/** A pack of which half is free, and at least this many bytes, is compacted, as much at a time. */
const COMPACT_MIN = 8 * 1024 * 1024
const COMPACT_STEP = 8 * 1024 * 1024
const zeros = new Uint8Array(COPY_SIZE)

export class PoolContent implements ContentStore<PoolFact> {
  readonly #pool: Pool
  readonly #order: FlushOrder
  readonly #level: DurabilityLevel
  readonly #cacheBytes: number
  readonly #log: StateLog
  readonly #space = new SpaceEstimate()

  #host: ContentHost | undefined
  readonly #regions: Map<Ino, Region>
  // Inodes whose region is not what the log last said.
  #placesChanged = new Set<Ino>()
  // Regions no inode has any more; those in #left until the next batch is committed.
  #left: Region[] = []
  #stale: Region[] = []
  #staleBytes = 0
  // Dedicated files longer than their inode since it shrank: not yet committed, and committed, with
  // the size then.
  readonly #shrinking = new Set<Region>()
  readonly #shrunk = new Map<Region, number>()
  // Pool files with gathered bytes, the one written to longest ago first.
  readonly #gathering = new Set<PoolFile>()

  constructor(options: PoolContentOptions, regions: Map<Ino, Region>) {
    this.#pool = options.pool
    this.#order = options.order
    this.#level = options.level
    this.#cacheBytes = options.cacheBytes
    this.#log = options.log
    this.#regions = regions
  }

  attach(host: ContentHost): void {
    this.#host = host
  }

  // ---- Bytes.

  read(ino: Ino, into: Uint8Array, at: number): void {
    const region = this.#regions.get(ino)
    const known = region === undefined ? 0 : region.written - at
    if (region === undefined || known <= 0) {
      into.fill(0)
    } else if (known >= into.length) {
      region.file.read(into, region.offset + at)
    } else {
      region.file.read(into.subarray(0, known), region.offset + at)
      into.fill(0, known)
    }
  }

  write(ino: Ino, from: Uint8Array, at: number, size: number): void {
    this.#order.checkDeadline()
    const end = at + from.length
    const region = this.#roomFor(ino, end, size)
    // What a longer past of this file left between its size and the write must not come back.
    if (at > size) this.#zero(region, size, Math.min(at, region.written))
    region.size = Math.max(size, end)
    if (end <= region.written) this.#writeRegion(region, from, at)
    else this.#writeBeyond(region, from, at)
  }

  resize(ino: Ino, size: number, newSize: number): void {
    this.#order.checkDeadline()
    if (newSize > size) {
      const region = this.#roomFor(ino, newSize, size)
      this.#zero(region, size, Math.min(newSize, region.written))
      region.size = newSize
      return
    }
    const region = this.#regions.get(ino)
    if (region === undefined) return
    if (newSize === 0) {
      this.#leave(ino, region)
      return
    }
    region.size = newSize
    if (region.written > newSize) {
      // The place fact now says how far stale bytes reach, in the same batch as the smaller size.
      this.#placed(ino)
      if (region.capacity === Infinity) this.#shrinking.add(region)
    }
  }

  drop(ino: Ino): void {
    const region = this.#regions.get(ino)
    if (region !== undefined) this.#leave(ino, region)
    // The engine's drop fact says it all.
    this.#placesChanged.delete(ino)
  }

  // ---- Durability.

  fsync(ino: Ino): void {
    this.#order.checkDeadline()
    const file = this.#regions.get(ino)?.file
    if (file === undefined) return
    // All of the pool file goes down, not just this inode's part: in a checkpoint the fsyncs that
    // follow then find nothing to do.
    this.#handDown(file)
    if (this.#level.current === 'relaxed' && file.storage.unflushed) this.#order.defer(file)
    else file.storage.flush()
  }

  takeFacts(): PoolFact[] {
    const facts: PoolFact[] = this.#pool.takeFileFacts()
    for (const ino of this.#placesChanged) {
      facts.push(this.#placeFact(ino))
      const region = this.#regions.get(ino)
      if (region !== undefined) region.recorded = true
    }
    this.#placesChanged = new Set()
    return facts
  }

  returnFacts(facts: readonly PoolFact[]): void {
    this.#pool.returnFileFacts(facts.filter((fact) => fact.type === 'file'))
    for (const fact of facts) if (fact.type !== 'file') this.#placesChanged.add(fact.ino)
  }

  *snapshot(): Generator<PoolFact> {
    yield* this.#pool.snapshot()
    for (const ino of this.#regions.keys()) yield this.#placeFact(ino)
  }

  prepare(batch: Batch<PoolFact>): void {
    // A name that led to good bytes is about to lead to these: they must be on storage first, or a
    // power cut could leave neither.
    for (const fact of batch.facts) {
      if (fact.type !== 'entry' || fact.replaces !== true) continue
      const file = this.#regions.get(fact.ino)?.file
      if (file !== undefined && !file.clean) file.reliedUpon = true
    }
    for (const file of this.#pool.files) {
      if (!file.reliedUpon) continue
      this.#handDown(file)
      file.storage.flush()
      file.reliedUpon = false
    }
    // Facts are bytes written after those fsyncs, too.
    this.#order.flushAll()
  }

  committed(): void {
    for (const region of this.#left) this.#addStale(region)
    this.#left = []
    for (const region of this.#shrinking) this.#shrunk.set(region, region.size)
    this.#shrinking.clear()
    if (this.#staleBytes >= STALE_URGENT) this.#clean()
  }

  syncAll(): void {
    for (const file of this.#pool.files) {
      this.#handDown(file)
      file.storage.flush()
    }
  }

  async housekeeping(): Promise<void> {
    if (this.#staleBytes >= STALE_WORTHWHILE || this.#shrunk.size > 0) {
      this.#clean()
      this.#compact()
    }
    if (this.#pool.needsSpares) await this.#pool.replenish()
    await this.#space.refresh()
  }

  space(): SpaceStatistics {
    return this.#space.current
  }

  close(): Promise<void> {
    try {
      this.#clean()
      this.syncAll()
    } finally {
      this.#order.cancel()
      this.#pool.closeAll()
      this.#regions.clear()
    }
    return Promise.resolve()
  }

  // ---- Regions.

  /** The inode's region, with room reserved up to `end`; makes one or moves the file as needed. */
  #roomFor(ino: Ino, end: number, size: number): Region {
    const region = this.#regions.get(ino)
    if (region !== undefined && end <= region.capacity) {
      region.file.reserve(region.offset + end)
      return region
    }
    const fresh = this.#take(ino, end)
    this.#move(ino, region, fresh, size)
    return fresh
  }

  #move(ino: Ino, from: Region | undefined, to: Region, size: number): void {
    if (from !== undefined) {
      this.#copy(from, to, Math.min(size, from.written))
      this.#leave(ino, from)
    }
    to.size = size
    this.#regions.set(ino, to)
    this.#placed(ino)
  }

  #take(ino: Ino, bytes: number): Region {
    if (bytes >= DEDICATED_MIN) {
      const file = this.#pool.takeSpare()
      if (file !== undefined) return this.#takeDedicated(ino, file, bytes)
    }
    return this.#takeSlot(bytes)
  }

  #takeDedicated(ino: Ino, file: PoolFile, bytes: number): Region {
    try {
      file.reserve(bytes)
    } catch (error) {
      this.#pool.addSpare(file)
      throw error
    }
    file.owner = ino
    return { file, offset: 0, capacity: Infinity, written: 0, size: 0, recorded: false }
  }

  #takeSlot(bytes: number): Region {
    return this.#regionIn(this.#pool.slots.take(slotSize(bytes)))
  }

  #regionIn(slot: FreeSlot): Region {
    const { pack, slots } = this.#pool
    const { offset, size: capacity } = slot
    const region: Region = { file: pack, offset, capacity, written: 0, size: 0, recorded: false }
    try {
      pack.reserve(offset + capacity)
      if (slot.suspect) this.#makeZero(region)
    } catch (error) {
      slots.give(slot)
      throw error
    }
    return region
  }

  /**
   * A dead session may have written here after its last commit. Looking is cheap; where something is
   * found the zeros must be on storage before a batch gives the slot to a file.
   */
  #makeZero(region: Region): void {
    const buffer = new Uint8Array(Math.min(region.capacity, COPY_SIZE))
    for (let at = 0; at < region.capacity; at += buffer.length) {
      region.file.read(buffer, region.offset + at)
      if (isZero(buffer)) continue
      region.file.write(zeros.subarray(0, buffer.length), region.offset + at)
      region.file.reliedUpon = true
      this.#gathered(region.file)
    }
  }

  #copy(from: Region, to: Region, length: number): void {
    const buffer = new Uint8Array(Math.min(length, COPY_SIZE))
    try {
      for (let at = 0; at < length; at += buffer.length) {
        const piece = buffer.subarray(0, Math.min(buffer.length, length - at))
        from.file.read(piece, from.offset + at)
        this.#writeRegion(to, piece, at)
      }
    } catch (error) {
      // No fact names the new region, so it needs no commit to be stale.
      this.#addStale(to)
      throw error
    }
    to.file.reliedUpon = true
  }

  /** As #writeRegion, but zeros over what is zero already stay unwritten: a new write-ahead log segment is 16 MiB of them. */
  #writeBeyond(region: Region, from: Uint8Array, at: number): void {
    for (let done = 0; done < from.length; done += ZERO_PIECE) {
      const piece = from.subarray(done, done + ZERO_PIECE)
      if (at + done < region.written || !isZero(piece)) this.#writeRegion(region, piece, at + done)
    }
  }

  #writeRegion(region: Region, from: Uint8Array, at: number): void {
    region.file.write(from, region.offset + at)
    region.written = Math.max(region.written, at + from.length)
    this.#gathered(region.file)
  }

  #zero(region: Region, from: number, to: number): void {
    for (let at = from; at < to; at += zeros.length) {
      this.#writeRegion(region, zeros.subarray(0, Math.min(zeros.length, to - at)), at)
    }
    // Stale bytes with valid checksums must not come back under a size that is already committed.
    if (from < to) region.file.reliedUpon = true
  }

  #leave(ino: Ino, region: Region): void {
    this.#regions.delete(ino)
    this.#shrinking.delete(region)
    this.#shrunk.delete(region)
    // A committed tree may still want these bytes; a place that no batch has named, nobody.
    if (region.recorded) this.#left.push(region)
    else this.#addStale(region)
    this.#placed(ino)
  }

  #placed(ino: Ino): void {
    this.#placesChanged.add(ino)
    this.#host?.touch(ino)
  }

  #placeFact(ino: Ino): PlaceFact | UnplaceFact {
    const region = this.#regions.get(ino)
    if (region === undefined) return { type: 'unplace', ino }
    const { file, offset, capacity, written, size } = region
    return {
      type: 'place',
      ino,
      serial: file.serial,
      offset,
      capacity: capacity === Infinity ? 0 : capacity,
      written: written > size ? written : 0,
    }
  }

  // ---- Gathered writes.

  #gathered(file: PoolFile): void {
    this.#gathering.delete(file)
    this.#gathering.add(file)
    let bytes = 0
    for (const each of this.#gathering) bytes += each.dirty.bytes
    for (const each of this.#gathering) {
      if (bytes <= this.#cacheBytes) break
      bytes -= each.dirty.bytes
      this.#handDown(each)
    }
  }

  #handDown(file: PoolFile): void {
    file.dirty.handDown()
    this.#gathering.delete(file)
  }

  // ---- Cleaning.

  #addStale(region: Region): void {
    this.#stale.push(region)
    this.#staleBytes += region.capacity === Infinity ? STALE_WORTHWHILE : region.written
  }

  /** Zeroes stale regions and cuts files that shrank, then gives the space back. */
  #clean(): void {
    if (this.#stale.length === 0 && this.#shrunk.size === 0) return
    // The facts that left these regions must be durable first: until then a power cut brings the old
    // tree back, and it wants its bytes.
    this.#order.flushAll()
    this.#log.sync()
    const stale = this.#stale
    this.#stale = []
    this.#staleBytes = 0
    try {
      this.#empty(stale)
    } catch (error) {
      for (const region of stale) this.#addStale(region)
      throw error
    }
    for (const region of stale) {
      if (region.capacity === Infinity) this.#pool.addSpare(region.file)
      else {
        this.#pool.slots.give({ offset: region.offset, size: region.capacity, suspect: false })
      }
    }
    this.#trimPack()
  }

  #empty(stale: readonly Region[]): void {
    const touched = new Set<PoolFile>()
    for (const region of stale) {
      touched.add(region.file)
      if (region.capacity === Infinity) {
        region.file.dirty.discard()
        region.file.storage.truncate(0)
        continue
      }
      for (let at = 0; at < region.written; at += zeros.length) {
        const piece = zeros.subarray(0, Math.min(zeros.length, region.written - at))
        region.file.write(piece, region.offset + at)
        this.#gathered(region.file)
      }
    }
    for (const [region, committedSize] of this.#shrunk) {
      // It may have shrunk further, which is not committed, or grown again.
      const end = Math.max(committedSize, region.size)
      if (region.written <= end) continue
      touched.add(region.file)
      this.#handDown(region.file)
      region.file.storage.truncate(end)
      region.written = end
    }
    this.#shrunk.clear()
    for (const file of touched) {
      this.#handDown(file)
      file.storage.flush()
    }
  }

  /**
   * Moves files from the top of the pack into free slots below, so that a database that has shrunk
   * gives its space back: the top comes down when the next batch has committed the moves.
   */
  #compact(): void {
    const { slots, pack } = this.#pool
    if (slots.freeBytes < COMPACT_MIN || slots.freeBytes < slots.top / 2) return
    const inPack = [...this.#regions].filter(([, region]) => region.file === pack)
    inPack.sort(([, a], [, b]) => b.offset - a.offset)
    let moved = 0
    for (const [ino, region] of inPack) {
      if (moved >= COMPACT_STEP) return
      const slot = slots.takeBelow(region.capacity, region.offset)
      if (slot === undefined) continue
      const fresh = this.#regionIn(slot)
      this.#move(ino, region, fresh, region.size)
      moved += region.capacity
    }
  }

  #trimPack(): void {
    const { pack, slots } = this.#pool
    const excess = pack.storage.size - slots.top
    if (excess < STALE_WORTHWHILE) return
    this.#handDown(pack)
    pack.storage.truncate(slots.top)
    pack.storage.flush()
    slots.trimmed()
  }
}
