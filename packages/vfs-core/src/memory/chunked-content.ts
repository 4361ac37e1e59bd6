// Bytes by inode in memory, in chunks, so that holes cost nothing and growing copies nothing.
// The memory backend's content store; a backend that keeps its files in memory and persists chunks
// builds on it: it loads chunks at open and lends them to storage while they are on their way there.

import { VfsError, type Ino } from '../contract/index.ts'

/** Bytes of one chunk, where nothing else is asked for. A file's chunk n holds its bytes from n × CHUNK_SIZE. */
export const CHUNK_SIZE = 65_536

/** Smallest buffer of a chunk, in bytes: most files of a database cluster are tiny. */
const SMALLEST_BUFFER = 512

// A buffer may be shorter than its chunk; what it lacks reads as zeros. Bytes beyond the file's size
// are zero in every buffer, so a file can grow without touching them.
type Chunks = Map<number, Uint8Array>

export class ChunkedContent {
  readonly #files = new Map<Ino, Chunks>()
  // Buffers that nobody may change: a write to one goes to a copy that takes its place.
  readonly #lent = new Set<Uint8Array>()
  readonly #chunkSize: number
  #capacity: number
  #bytes = 0

  /**
   * `capacity` is the most bytes of buffers to hold; beyond it writes throw ENOSPC. `chunkSize` is a
   * power of two.
   */
  constructor(capacity: number, chunkSize: number = CHUNK_SIZE) {
    this.#capacity = capacity
    this.#chunkSize = chunkSize
  }

  /** Bytes of buffers held. */
  get bytes(): number {
    return this.#bytes
  }

  get capacity(): number {
    return this.#capacity
  }

  set capacity(bytes: number) {
    this.#capacity = bytes
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    const chunkSize = this.#chunkSize
    const chunks = this.#files.get(ino)
    let done = 0
    while (done < into.length) {
      const position = at + done
      const index = Math.floor(position / chunkSize)
      const start = position - index * chunkSize
      const length = Math.min(chunkSize - start, into.length - done)
      const buffer = chunks?.get(index)
      const held = buffer === undefined ? 0 : Math.min(Math.max(buffer.length - start, 0), length)
      if (held > 0) into.set(buffer!.subarray(start, start + held), done)
      if (held < length) into.fill(0, done + held, done + length)
      done += length
    }
  }

  write(ino: Ino, from: Uint8Array, at: number): void {
    const chunkSize = this.#chunkSize
    this.#reserve(ino, from.length, at)
    const chunks = this.#files.get(ino)!
    let done = 0
    while (done < from.length) {
      const position = at + done
      const index = Math.floor(position / chunkSize)
      const start = position - index * chunkSize
      const length = Math.min(chunkSize - start, from.length - done)
      const whole = length === from.length
      chunks.get(index)!.set(whole ? from : from.subarray(done, done + length), start)
      done += length
    }
  }

  /** Cuts a file; growing needs nothing. */
  shrink(ino: Ino, newSize: number): void {
    const chunkSize = this.#chunkSize
    const chunks = this.#files.get(ino)
    if (chunks === undefined) return
    const last = Math.floor(newSize / chunkSize)
    for (const [index, buffer] of chunks) {
      if (index > last || (index === last && newSize === last * chunkSize)) {
        chunks.delete(index)
        this.#bytes -= buffer.length
      } else if (index === last) {
        const start = Math.min(newSize - last * chunkSize, buffer.length)
        if (!this.#lent.has(buffer)) buffer.fill(0, start)
        else {
          const kept = new Uint8Array(buffer.length)
          kept.set(buffer.subarray(0, start))
          chunks.set(index, kept)
        }
      }
    }
  }

  drop(ino: Ino): void {
    for (const buffer of this.#files.get(ino)?.values() ?? []) this.#bytes -= buffer.length
    this.#files.delete(ino)
  }

  clear(): void {
    this.#files.clear()
    this.#lent.clear()
    this.#bytes = 0
  }

  /** Takes over a buffer that storage held for a chunk; at most a chunk, zero beyond the file's end. */
  load(ino: Ino, index: number, buffer: Uint8Array): void {
    let chunks = this.#files.get(ino)
    if (chunks === undefined) this.#files.set(ino, (chunks = new Map()))
    chunks.set(index, buffer)
    this.#bytes += buffer.length
  }

  /**
   * The buffer of a chunk, if it has one, with its bytes as they are now: until `takeBack` they stay so,
   * whatever is written to the file meanwhile.
   */
  lend(ino: Ino, index: number): Uint8Array | undefined {
    const buffer = this.#files.get(ino)?.get(index)
    if (buffer !== undefined) this.#lent.add(buffer)
    return buffer
  }

  takeBack(buffer: Uint8Array): void {
    this.#lent.delete(buffer)
  }

  /** Makes every buffer the range needs before any byte is written, so that ENOSPC changes nothing. */
  #reserve(ino: Ino, length: number, at: number): void {
    const chunkSize = this.#chunkSize
    const chunks = this.#files.get(ino)
    const bytes = this.#bytes
    const made: Chunks = new Map()
    const last = Math.floor((at + length - 1) / chunkSize)
    try {
      for (let index = Math.floor(at / chunkSize); index <= last; index++) {
        const needed = Math.min(at + length - index * chunkSize, chunkSize)
        const buffer = chunks?.get(index)
        const held = buffer?.length ?? 0
        if (buffer !== undefined && held >= needed && !this.#lent.has(buffer)) continue
        const grown = this.#allocate(Math.max(bufferSize(needed), held), held)
        if (buffer !== undefined) grown.set(buffer)
        made.set(index, grown)
      }
    } catch (error) {
      this.#bytes = bytes
      throw error
    }
    if (chunks === undefined) this.#files.set(ino, made)
    else for (const [index, buffer] of made) chunks.set(index, buffer)
  }

  #allocate(size: number, replacing: number): Uint8Array {
    const bytes = this.#bytes - replacing + size
    if (bytes > this.#capacity) {
      throw new VfsError('ENOSPC', 'write', { detail: `the limit is ${this.#capacity} bytes` })
    }
    try {
      const buffer = new Uint8Array(size)
      this.#bytes = bytes
      return buffer
    } catch (cause) {
      throw new VfsError('ENOSPC', 'write', { detail: 'the page is out of memory', cause })
    }
  }
}

/** The smallest power of two that holds `needed` bytes, at most a chunk. */
function bufferSize(needed: number): number {
  let size = SMALLEST_BUFFER
  while (size < needed) size *= 2
  return size
}
