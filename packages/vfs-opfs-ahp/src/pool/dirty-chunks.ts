// Bytes written by the program and not yet handed to the browser, for one pool file. A call into the
// browser costs 20 to 300 µs whatever it carries, so adjacent pages are gathered and go down together.
//
// A chunk holds one dirty interval. A write that would leave a small gap inside the chunk fills it from
// the file, because a read costs a tenth of a write; the extra bytes rewrite what is there already.
// Hence everything that changes the file must come through here.

import type { Counters } from '../storage/counters.ts'
import type { StorageFile } from '../storage/storage-file.ts'

/** Bytes of one chunk: where the cost of a write in Firefox stops being the cost of the call. */
export const CHUNK_SIZE: number = 256 * 1024

/** Largest gap to fill by reading, in bytes. */
const GAP_MAX = 64 * 1024

interface Chunk {
  readonly buffer: Uint8Array
  // The dirty interval, relative to the chunk.
  start: number
  end: number
}

export class DirtyChunks {
  readonly #file: StorageFile
  readonly #counters: Counters
  readonly #beforeWrite: (at: number) => void
  readonly #chunks = new Map<number, Chunk>()

  /**
   * `beforeWrite` runs before bytes from file offset `at` on are handed down; if it throws they stay
   * dirty.
   */
  constructor(file: StorageFile, counters: Counters, beforeWrite: (at: number) => void) {
    this.#file = file
    this.#counters = counters
    this.#beforeWrite = beforeWrite
  }

  /** Bytes of buffers held. */
  get bytes(): number {
    return this.#chunks.size * CHUNK_SIZE
  }

  get empty(): boolean {
    return this.#chunks.size === 0
  }

  read(into: Uint8Array, at: number): void {
    if (this.#chunks.size === 0) {
      this.#file.read(into, at)
      return
    }
    const first = Math.floor(at / CHUNK_SIZE)
    const last = Math.floor((at + into.length - 1) / CHUNK_SIZE)
    if (first === last) {
      const chunk = this.#chunks.get(first)
      const start = at - first * CHUNK_SIZE
      if (chunk !== undefined && start >= chunk.start && start + into.length <= chunk.end) {
        into.set(chunk.buffer.subarray(start, start + into.length))
        return
      }
    }
    this.#file.read(into, at)
    for (let index = first; index <= last; index++) {
      const chunk = this.#chunks.get(index)
      if (chunk === undefined) continue
      const base = index * CHUNK_SIZE
      const from = Math.max(base + chunk.start, at)
      const to = Math.min(base + chunk.end, at + into.length)
      if (from < to) into.set(chunk.buffer.subarray(from - base, to - base), from - at)
    }
  }

  write(from: Uint8Array, at: number): void {
    let done = 0
    while (done < from.length) {
      const position = at + done
      const index = Math.floor(position / CHUNK_SIZE)
      const start = position - index * CHUNK_SIZE
      const length = Math.min(CHUNK_SIZE - start, from.length - done)
      this.#writeChunk(index, start, from.subarray(done, done + length))
      done += length
    }
  }

  /** Hands everything down, lowest offset first. After an error what was not taken is still dirty. */
  writeBack(): void {
    if (this.#chunks.size === 0) return
    const indexes = [...this.#chunks.keys()].sort((a, b) => a - b)
    for (const index of indexes) this.#writeBackChunk(index, this.#chunks.get(index)!)
  }

  /** Forgets everything: the file is about to be emptied. */
  discard(): void {
    for (const chunk of this.#chunks.values()) giveBuffer(chunk.buffer)
    this.#chunks.clear()
  }

  #writeChunk(index: number, start: number, from: Uint8Array): void {
    const end = start + from.length
    let chunk = this.#chunks.get(index)
    if (chunk !== undefined && (start > chunk.end || end < chunk.start)) {
      chunk = this.#bridgeGap(index, chunk, start, end)
    }
    if (chunk === undefined) {
      chunk = { buffer: takeBuffer(), start, end }
      this.#chunks.set(index, chunk)
    } else {
      chunk.start = Math.min(chunk.start, start)
      chunk.end = Math.max(chunk.end, end)
    }
    chunk.buffer.set(from, start)
    this.#counters.bytesCopied += from.length
  }

  /** Fills the gap between the dirty interval and [start, end), or hands the interval down. */
  #bridgeGap(index: number, chunk: Chunk, start: number, end: number): Chunk | undefined {
    const [from, to] = start > chunk.end ? [chunk.end, start] : [end, chunk.start]
    if (to - from > GAP_MAX) {
      this.#writeBackChunk(index, chunk)
      return undefined
    }
    this.#file.read(chunk.buffer.subarray(from, to), index * CHUNK_SIZE + from)
    return chunk
  }

  #writeBackChunk(index: number, chunk: Chunk): void {
    const at = index * CHUNK_SIZE + chunk.start
    this.#beforeWrite(at)
    this.#file.write(chunk.buffer.subarray(chunk.start, chunk.end), at)
    this.#chunks.delete(index)
    giveBuffer(chunk.buffer)
  }
}

// Buffers are reused: allocating and zeroing 256 KiB for every commit would cost more than the commit.
const spareBuffers: Uint8Array[] = []
const SPARE_BUFFERS_MAX = 16

function takeBuffer(): Uint8Array {
  return spareBuffers.pop() ?? new Uint8Array(CHUNK_SIZE)
}

function giveBuffer(buffer: Uint8Array): void {
  if (spareBuffers.length < SPARE_BUFFERS_MAX) spareBuffers.push(buffer)
}
