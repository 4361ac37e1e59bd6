// The engine's content store on the client's side: writes, sizes and drops are posted, reads and fsync
// wait. It knows which inodes have unflushed bytes, so that an fsync of any other asks nobody, unless
// something has failed whose call had returned: then everything asks, and is told (see ../channel/failures.ts).

import type { ContentStore, Ino, SpaceStatistics } from '@wasm-vfs/core/backend'
import {
  OP_CHECK,
  OP_DROP,
  OP_FSYNC,
  OP_HOUSEKEEPING,
  OP_READ,
  OP_RESERVE,
  OP_RESIZE,
  OP_SYNC_ALL,
  OP_WRITE,
  OP_WRITE_BACK,
  PLACE_NONE,
  PLACE_READ_AREA,
  PLACE_RING,
} from '../channel/protocol.ts'
import type { Channel } from './channel.ts'
import type { Memories } from './memories.ts'
import { ReadAhead } from './read-ahead.ts'

export class ChannelContent implements ContentStore {
  readonly #channel: Channel
  readonly #memories: Memories
  readonly #ahead: ReadAhead
  // A longer write goes in pieces, so that the worker writes the first while the next is copied.
  readonly #pieceBytes: number
  // By inode with bytes that no fsync or sync has covered: the number of the last request that wrote it.
  readonly #dirty = new Map<Ino, number>()
  /** Something was posted since the last sync. */
  #changed = false
  #housekeepingDue = false
  /** Nothing was written since the last write-back. */
  #isWrittenBack = true

  constructor(channel: Channel, memories: Memories) {
    this.#channel = channel
    this.#memories = memories
    this.#ahead = new ReadAhead(channel)
    this.#pieceBytes = Math.floor(channel.views.ring.length / 8)
  }

  attach(): void {}

  checkFailures(): void {
    if (this.#channel.hasFailed) this.#channel.call({ op: OP_CHECK })
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    const place = this.#memories.placeOf(into)
    if (place !== PLACE_NONE) {
      const { byteOffset: address, length } = into
      this.#channel.call({ op: OP_READ, ino, at, place, address, length })
      return
    }
    if (!this.#ahead.read(ino, into, at)) this.#readInPieces(ino, into, at)
    this.#channel.counters.bytesCopied += into.length
  }

  #readInPieces(ino: Ino, into: Uint8Array, at: number): void {
    const { readArea } = this.#channel.views
    for (let done = 0; done < into.length; done += readArea.length) {
      const length = Math.min(readArea.length, into.length - done)
      this.#ahead.overwriting(length)
      this.#channel.call({ op: OP_READ, ino, at: at + done, place: PLACE_READ_AREA, length })
      into.set(length === readArea.length ? readArea : readArea.subarray(0, length), done)
    }
  }

  write(ino: Ino, from: Uint8Array, at: number, size: number): void {
    const growth = Math.max(0, at + from.length - size)
    this.#reserve(growth, ino, at + from.length)
    this.#ahead.changed(ino)
    const place = this.#memories.placeOf(from)
    try {
      if (place === PLACE_NONE) this.#postPieces(ino, from, at, size)
      else {
        // The program may change its buffer once this returns.
        const { byteOffset: address, length } = from
        this.#channel.call({ op: OP_WRITE, ino, at, size, place, address, length, growth })
      }
    } finally {
      // A part of it may have been written.
      this.#wrote(ino)
    }
    this.#checkInode(ino)
  }

  #wrote(ino: Ino): void {
    this.#dirty.set(ino, this.#channel.posted)
    this.#changed = true
    this.#isWrittenBack = false
  }

  /** Once anything has failed, what is posted is waited for: its failure is this call's. */
  #checkInode(ino: Ino): void {
    if (this.#channel.hasFailed) this.#channel.call({ op: OP_CHECK, ino })
  }

  #postPieces(ino: Ino, from: Uint8Array, at: number, size: number): void {
    const channel = this.#channel
    for (let done = 0; done < from.length; done += this.#pieceBytes) {
      const length = Math.min(this.#pieceBytes, from.length - done)
      const piece = length === from.length ? from : from.subarray(done, done + length)
      const address = channel.makeRoom(length)
      channel.views.ring.set(piece, address)
      const start = at + done
      const before = Math.max(size, done === 0 ? 0 : start)
      const growth = Math.max(0, start + length - before)
      channel.post({
        op: OP_WRITE,
        ino,
        at: start,
        size: before,
        place: PLACE_RING,
        address,
        length,
        growth,
      })
    }
    channel.counters.bytesCopied += from.length
  }

  resize(ino: Ino, size: number, newSize: number): void {
    const growth = Math.max(0, newSize - size)
    this.#reserve(growth, ino, newSize)
    this.#ahead.changed(ino)
    this.#channel.post({ op: OP_RESIZE, ino, size, at: newSize, growth })
    this.#wrote(ino)
    this.#checkInode(ino)
  }

  /** Space comes first, so that the lack of it shows here and not in an fsync. */
  #reserve(growth: number, ino: Ino, size: number): void {
    if (growth === 0 || this.#channel.isReserved(growth)) return
    try {
      this.#channel.call({ op: OP_RESERVE, at: growth, ino, size })
    } catch (error) {
      // What the store has done for it may not be undone, so an fsync asks.
      this.#wrote(ino)
      throw error
    }
  }

  drop(ino: Ino): void {
    this.#changed = true
    this.#ahead.changed(ino)
    this.#dirty.delete(ino)
    this.#channel.post({ op: OP_DROP, ino })
  }

  fsync(ino: Ino): void {
    if (!this.#dirty.has(ino) && !this.#channel.hasFailed) return
    this.#channel.call({ op: OP_FSYNC, ino })
    this.#dirty.delete(ino)
  }

  /** What is not handed down for an error stays pending in the worker, and is the next fsync's or commit's. */
  writeBack(): void {
    if (this.#isWrittenBack) return
    this.#channel.post({ op: OP_WRITE_BACK })
    this.#isWrittenBack = true
  }

  async syncAll(): Promise<void> {
    if (!this.#changed && this.#dirty.size === 0 && !this.#channel.hasFailed) return
    const last = this.#channel.posted
    this.#changed = false
    try {
      await this.#channel.callAsync({ op: OP_SYNC_ALL })
    } catch (error) {
      this.#changed = true
      throw error
    }
    this.#housekeepingDue = true
    // What was written while this waited is not covered.
    for (const [ino, number] of this.#dirty) if (((number - last) | 0) <= 0) this.#dirty.delete(ino)
  }

  /**
   * The worker keeps house by itself when it has nothing to do. After every query of a database this is
   * only asked for errors, and without one asks nobody.
   */
  async housekeeping(): Promise<void> {
    if (!this.#housekeepingDue && !this.#channel.hasFailed) return
    await this.#channel.callAsync({ op: OP_HOUSEKEEPING })
    this.#housekeepingDue = false
  }

  space(): SpaceStatistics {
    return this.#channel.space
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  // Where bytes lie is known to OPFS; there is nothing to add to a batch.
  takeFacts(): never[] {
    return []
  }
  returnFacts(): void {}
  snapshot(): never[] {
    return []
  }
  prepare(): void {}
  committed(): void {}
}
