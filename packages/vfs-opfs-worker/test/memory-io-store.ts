// An IoStore without OPFS, for tests of the channel alone. Files are arrays in the I/O worker and are gone
// with it. Some inode numbers misbehave in ways that a real store does only when storage fails.

import {
  VfsError,
  type Fact,
  type Ino,
  type SpaceStatistics,
  type VfsCounters,
} from '@wasm-vfs/core/backend'
import type { IoStore, IoStoreOptions, OpenedStore } from '../src/io/io-store.ts'

/** Every write fails. */
export const INO_FAILS = 1_000_001
/** Reads and writes are awaited. */
export const INO_ASYNC = 1_000_002
/** A write blocks the worker for BLOCKED_MS. */
export const INO_BLOCKS = 1_000_003
/** A read is never answered, but the worker lives. */
export const INO_NEVER = 1_000_004
/** A read blocks the worker for good. */
export const INO_STUCK = 1_000_005
/** Dropping it breaks the serving loop, which asks for the next deadline. */
export const INO_BREAKS = 1_000_006
/** Bytes from TORN_AT on cannot be read. */
export const INO_TORN = 1_000_007
/** Reads and writes touch their buffer only once `letGo` is called. */
export const INO_LATE = 1_000_008

export const BLOCKED_MS = 30
export const TORN_AT = 16 * 1024
export const RESERVED = 8 * 1024 * 1024
/** All the space there is. */
export const CAPACITY = 64 * 1024 * 1024

/** A store of this name does not open. */
export const REFUSES = 'refuses'

export async function openMemoryIoStore(options: IoStoreOptions): Promise<OpenedStore> {
  await Promise.resolve()
  if (options.name === REFUSES) {
    throw new VfsError('EINVAL', 'open', { path: REFUSES, detail: 'as asked' })
  }
  return { store: new MemoryIoStore(), facts: [] }
}

export class MemoryIoStore implements IoStore {
  readonly #files = new Map<Ino, Uint8Array>()
  #committed: readonly Fact[] = []
  #broken = false
  #letGo: (() => void) | undefined
  /** What fails from now on: the flush that is put off, or a write-back. */
  fails: 'tick' | 'write-back' | undefined
  failure: VfsError | undefined
  /** What it was asked for, apart from reads and fsyncs. */
  readonly calls: string[] = []
  #stats = {
    reads: 0,
    writes: 0,
    truncates: 0,
    flushes: 0,
    bytesRead: 0,
    bytesWritten: 0,
    commits: 0,
  }

  async openAhead(): Promise<void> {}

  read(ino: Ino, into: Uint8Array, at: number): void | Promise<void> {
    this.#stats.reads++
    this.#stats.bytesRead += into.length
    if (ino === INO_NEVER) return new Promise(() => {})
    if (ino === INO_TORN && at + into.length > TORN_AT) {
      throw new VfsError('EIO', 'read', { detail: 'as asked' })
    }
    if (ino === INO_STUCK) for (;;) sleep(1000)
    if (ino === INO_LATE) return this.#late(() => void into.fill(0xee))
    const file = this.#file(ino)
    into.fill(0)
    into.set(file.subarray(at, at + into.length))
    if (ino === INO_ASYNC) return later()
  }

  write(ino: Ino, from: Uint8Array, at: number, size: number): void | Promise<void> {
    this.#stats.writes++
    this.calls.push('write')
    if (ino === INO_FAILS) throw new VfsError('EIO', 'write', { detail: 'as asked' })
    if (ino === INO_BLOCKS) sleep(BLOCKED_MS)
    if (ino === INO_LATE) return this.#late(() => void this.#files.set(ino, from.slice()))
    this.#stats.bytesWritten += from.length
    const file = this.#file(ino)
    if (file.length !== size) {
      throw new VfsError('EIO', 'write', { detail: `size ${size}, but it is ${file.length}` })
    }
    if (at + from.length > size) this.#resized(ino, at + from.length)
    this.#file(ino).set(from, at)
    if (ino === INO_ASYNC) return later()
  }

  #late(touch: () => void): Promise<void> {
    return new Promise<void>((resolve) => (this.#letGo = resolve)).then(touch)
  }

  /** A late read or write goes on. */
  letGo(): void {
    this.#letGo?.()
  }

  /** What a file has, to look at it from outside. */
  bytesOf(ino: Ino): Uint8Array | undefined {
    return this.#files.get(ino)
  }

  resize(ino: Ino, _size: number, newSize: number): void {
    this.#stats.truncates++
    this.calls.push('resize')
    if (ino === INO_FAILS) throw new VfsError('EIO', 'truncate', { detail: 'as asked' })
    this.#resized(ino, newSize)
  }

  #resized(ino: Ino, size: number): void {
    const file = this.#file(ino)
    const resized = new Uint8Array(size)
    resized.set(file.subarray(0, size))
    this.#files.set(ino, resized)
  }

  #file(ino: Ino): Uint8Array {
    return this.#files.get(ino) ?? new Uint8Array(0)
  }

  drop(ino: Ino): void {
    if (ino === INO_BREAKS) this.#broken = true
    this.#files.delete(ino)
  }

  reserve(bytes: number): number {
    if (bytes > 0) this.calls.push('reserve')
    if (bytes > this.#free()) throw new VfsError('ENOSPC', 'reserve')
    return Math.min(Math.max(bytes, RESERVED), this.#free())
  }

  #free(): number {
    let used = 0
    for (const { length } of this.#files.values()) used += length
    return Math.max(0, CAPACITY - used)
  }

  fsync(): void {
    this.#stats.flushes++
  }

  commit(facts: readonly Fact[], acknowledge: boolean): void {
    this.calls.push(acknowledge ? 'commit and acknowledge' : 'commit')
    this.#stats.commits++
    this.#committed = facts
  }

  acknowledge(): void {
    this.calls.push('acknowledge')
  }

  writeBack(): void {
    this.calls.push('write back')
    if (this.fails === 'write-back') throw new VfsError('EIO', 'write', { detail: 'as asked' })
  }

  async syncAll(): Promise<void> {
    this.#stats.flushes++
    await later()
  }

  housekeeping(): Promise<SpaceStatistics> {
    return Promise.resolve({ total: CAPACITY, free: this.#free() })
  }

  readonly isBehind: boolean = false

  catchUp(): Promise<void> {
    return Promise.resolve()
  }

  relaxDurability(): void {}

  nextDeadline(): number | undefined {
    if (this.#broken) throw new TypeError('broken, as asked')
    return this.fails === 'tick' && this.failure === undefined ? 0 : undefined
  }

  tick(): void {
    throw (this.failure = new VfsError('EIO', 'fsync', { detail: 'a flush that was put off' }))
  }

  async close(clean: boolean): Promise<void> {
    this.calls.push(clean ? 'close, clean' : 'close')
    await later()
  }

  /** `checkpoints` tells the size of the last batch, which tests of batches look at. */
  stats(): VfsCounters {
    return { ...this.#stats, checkpoints: this.#committed.length }
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
