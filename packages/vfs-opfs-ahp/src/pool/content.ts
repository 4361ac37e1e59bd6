// The content store: bytes by inode, each inode in one region, either a power-of-two slot of the pack
// or a pool file of its own. Called by the engine; relies on RegionSpace for regions that are zero, on
// WriteBuffer for writes, and on FlushOrder for the order of relaxed flushes.

import {
  VfsError,
  type Batch,
  type ContentHost,
  type ContentStore,
  type DurabilityLevel,
  type Ino,
  type SpaceStatistics,
} from '@wasm-vfs/core/backend'
import type { StateLog } from '../log/state-log.ts'
import type { PlaceFact, PoolFact, UnplaceFact } from './facts.ts'
import type { FlushOrder } from './flush-order.ts'
import { WriteBuffer } from './write-buffer.ts'
import type { Pool } from './pool.ts'
import type { Region } from './region.ts'
import { RegionSpace } from './region-space.ts'
import type { SpaceEstimate } from './space-estimate.ts'
import { isZero } from './zero.ts'

export interface PoolContentOptions {
  readonly pool: Pool
  readonly order: FlushOrder
  readonly log: StateLog
  readonly level: DurabilityLevel
  readonly estimate: SpaceEstimate
  /** Most bytes of gathered writes to hold. */
  readonly cacheBytes: number
  /** The last session closed the store; otherwise what it left may lie in free space. */
  readonly closed: boolean
}

const COPY_SIZE = 256 * 1024
/** A large write is looked through for zeros in pieces of this many bytes. */
const ZERO_PIECE = 64 * 1024
/** Bytes of slots to move in one go when the pack is compacted. */
const COMPACT_STEP = 8 * 1024 * 1024

export class PoolContent implements ContentStore<PoolFact> {
  readonly #pool: Pool
  readonly #order: FlushOrder
  readonly #log: StateLog
  readonly #level: DurabilityLevel
  readonly #closed: boolean
  readonly #buffer: WriteBuffer
  readonly #space: RegionSpace
  readonly #estimate: SpaceEstimate

  #host: ContentHost | undefined
  readonly #regions: Map<Ino, Region>
  // Inodes whose region is not what the log last said.
  #placesChanged = new Set<Ino>()

  /** Takes over `regions`, as placed at open. */
  constructor(options: PoolContentOptions, regions: Map<Ino, Region>) {
    this.#pool = options.pool
    this.#order = options.order
    this.#log = options.log
    this.#level = options.level
    this.#closed = options.closed
    this.#estimate = options.estimate
    this.#buffer = new WriteBuffer(options.cacheBytes)
    this.#space = new RegionSpace({ ...options, buffer: this.#buffer })
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
    // Grown over stale bytes: these must not come back under the new size, so the new ones go first.
    if (end > size && region.written > size) region.file.flushBeforeCommit = true
    try {
      // What a longer past of this file left between its size and the write must not come back.
      if (at > size) this.#zero(region, size, Math.min(at, region.written))
      if (end <= region.written) this.#buffer.write(region, from, at)
      else this.#writeBeyond(region, from, at)
    } catch (error) {
      // The file keeps its size, and part of the write may lie behind it.
      this.#placed(ino)
      throw error
    }
    region.size = Math.max(size, end)
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
      this.#space.shrank(region)
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
    this.#buffer.writeBack(file)
    if (this.#level.current === 'relaxed' && file.storage.unflushed) this.#order.defer(file)
    else file.storage.flush()
  }

  writeBack(): void {
    for (const file of this.#pool.files) this.#buffer.writeBack(file)
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
      if (file !== undefined && !file.clean) file.flushBeforeCommit = true
    }
    for (const file of this.#pool.files) {
      if (!file.flushBeforeCommit) continue
      this.#buffer.flush(file)
      file.flushBeforeCommit = false
    }
    // Facts are bytes written after those fsyncs, too.
    this.#order.beforeBatch()
  }

  committed(): void {
    if (this.#level.current === 'relaxed') this.#order.deferLog(this.#log)
    this.#space.committed()
  }

  syncAll(): void {
    for (const file of this.#pool.files) this.#buffer.flush(file)
  }

  async housekeeping(): Promise<void> {
    const wantsFiles = this.#pool.needsSpares && this.#space.holdsFiles
    if (this.#space.worthCleaning || wantsFiles) {
      this.#space.clean()
      if (this.#space.worthCompacting) this.#compact()
    }
    this.#shortenPack('synced')
    if (this.#pool.needsSpares) await this.#pool.replenish()
    await this.#estimate.refresh()
  }

  space(): SpaceStatistics {
    return this.#estimate.current
  }

  beforeClose(): void {
    this.#shortenPack('closed')
  }

  close(): Promise<void> {
    try {
      if (this.#space.worthCleaning || this.#space.holdsFiles) this.#space.clean()
      if (!this.#closed) this.#space.removeLeftovers(this.#regions.values())
      this.#log.leaveStale(this.#space.abandon())
      this.syncAll()
    } finally {
      this.#order.cancel()
      this.#pool.closeAll()
      this.#regions.clear()
    }
    return Promise.resolve()
  }

  // ---- Writing.

  /**
   * Zeros over what is zero already stay unwritten: a new write-ahead log segment is 16 MiB of them.
   * Pieces end at sectors, so that a death between two of them tears none that was whole.
   */
  #writeBeyond(region: Region, from: Uint8Array, at: number): void {
    for (let done = 0; done < from.length;) {
      const piece = from.subarray(done, done + ZERO_PIECE - ((at + done) % ZERO_PIECE))
      if (at + done < region.written || !isZero(piece)) {
        this.#buffer.write(region, piece, at + done)
      }
      done += piece.length
    }
  }

  /** Zeros over stale bytes, so that they do not come back when the file grows over them. */
  #zero(region: Region, from: number, to: number): void {
    if (from >= to) return
    this.#buffer.writeZeros(region, from, to)
    // Old pages have valid checksums: the zeros must be on storage before the new size is.
    region.file.flushBeforeCommit = true
  }

  // ---- Places.

  /**
   * The inode's region, with room reserved up to `end`; makes one or moves the file as needed. ENOSPC only when
   * nothing that was freed waits to be cleaned, and the pack cannot be made denser.
   */
  #roomFor(ino: Ino, end: number, size: number): Region {
    let failure: VfsError
    try {
      return this.#regionFor(ino, end, size)
    } catch (error) {
      if (!isNoReservation(error)) throw error
      failure = error
    }
    for (const makeRoom of [() => this.#cleanNow(), () => this.#compactAll(() => true)]) {
      makeRoom()
      try {
        return this.#regionFor(ino, end, size)
      } catch (error) {
        if (!isNoReservation(error)) throw error
        failure = error
      }
    }
    throw failure
  }

  #regionFor(ino: Ino, end: number, size: number): Region {
    const region = this.#regions.get(ino)
    if (region !== undefined && end <= region.capacity) {
      region.file.reserve(region.offset + end)
      return region
    }
    if (region !== undefined && this.#space.extend(region, end)) {
      this.#placed(ino)
      return region
    }
    const fresh = this.#space.take(ino, end)
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

  #copy(from: Region, to: Region, length: number): void {
    const buffer = new Uint8Array(Math.min(length, COPY_SIZE))
    try {
      for (let at = 0; at < length; at += buffer.length) {
        const piece = buffer.subarray(0, Math.min(buffer.length, length - at))
        from.file.read(piece, from.offset + at)
        this.#buffer.write(to, piece, at)
      }
    } catch (error) {
      this.#space.leave(to)
      throw error
    }
    // The next batch names the new place, and the old one will be zeroed: the copy must be on storage
    // before that.
    to.file.flushBeforeCommit = true
  }

  // ---- Giving space back.

  #shortenPack(when: 'synced' | 'closed'): void {
    try {
      this.#compactAll(() => this.#space.isTooLong(when))
    } catch (error) {
      // The moves need a line in the log. On a full disk the pack stays as it is.
      if (!isFull(error)) throw error
    }
  }

  /** Frees at once what waits for a batch, and for being zeroed. */
  #cleanNow(): void {
    try {
      this.#host?.handDown()
    } catch (error) {
      // The log has no room either; what earlier batches freed has waited long enough.
      if (!isFull(error)) throw error
    }
    this.#space.clean()
  }

  /** Compacts until `wanted` is false, or as far as it goes. */
  #compactAll(wanted: () => boolean): void {
    while (wanted()) {
      const moved = this.#compact()
      this.#cleanNow()
      if (moved === 0) return
    }
  }

  /**
   * Moves files from the top of the pack into free slots below, so that a database that has shrunk
   * gives its space back: the top comes down when a batch has committed the moves. Returns the bytes moved.
   */
  #compact(): number {
    const inPack = [...this.#regions].filter(([, region]) => region.file === this.#pool.pack)
    inPack.sort(([, a], [, b]) => b.offset - a.offset)
    let moved = 0
    for (const [ino, region] of inPack) {
      if (moved >= COMPACT_STEP) return moved
      const below = this.#space.takeBelow(region)
      if (below === undefined) continue
      this.#move(ino, region, below, region.size)
      moved += region.capacity
    }
    return moved
  }

  #leave(ino: Ino, region: Region): void {
    this.#regions.delete(ino)
    this.#space.leave(region)
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
}

function isFull(error: unknown): error is VfsError {
  return error instanceof VfsError && error.code === 'ENOSPC'
}

/** A file could not be made longer, and nothing has been written yet. */
function isNoReservation(error: unknown): error is VfsError {
  return isFull(error) && error.operation === 'truncate'
}
