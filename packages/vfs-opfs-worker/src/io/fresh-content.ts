// Content of inodes that no committed batch has named yet, in memory: a temporary file that dies young
// never touches OPFS, and a program's first load is atomic.

import { CHUNK_SIZE, ChunkedContent, type Ino } from '@wasm-vfs/core/backend'
import type { OpenFile } from './open-file.ts'

/** Carries out growth of `bytes`, with reserved space where there is no other. */
export type Growing = (bytes: number, action: () => void) => void

interface FreshFile {
  size: number
  /** Of its buffers; at most its size but for rounding, less with holes. */
  bytes: number
}

export class FreshContent {
  readonly #content = new ChunkedContent(Infinity)
  readonly #files = new Map<Ino, FreshFile>()

  /** Bytes of memory held. */
  get bytes(): number {
    return this.#content.bytes
  }

  sizeOf(ino: Ino): number {
    return this.#files.get(ino)?.size ?? 0
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#content.read(ino, into, at)
  }

  /** Returns by how much the file has grown. */
  write(ino: Ino, from: Uint8Array, at: number): number {
    const before = this.#content.bytes
    this.#content.write(ino, from, at)
    return this.#sized(ino, Math.max(this.sizeOf(ino), at + from.length), before)
  }

  resize(ino: Ino, size: number): number {
    const before = this.#content.bytes
    if (size < this.sizeOf(ino)) this.#content.shrink(ino, size)
    return this.#sized(ino, size, before)
  }

  drop(ino: Ino): void {
    this.#content.drop(ino)
    this.#files.delete(ino)
  }

  /** The file with the most bytes in memory. */
  largest(): Ino | undefined {
    let largest: Ino | undefined
    let most = 0
    for (const [ino, { bytes }] of this.#files) {
      if (bytes <= most) continue
      largest = ino
      most = bytes
    }
    return largest
  }

  /** Writes the whole of a file into an empty one. */
  writeTo(ino: Ino, open: OpenFile, growing: Growing): void {
    const size = this.sizeOf(ino)
    for (let at = 0; at < size; at += CHUNK_SIZE) {
      const buffer = this.#content.lend(ino, at / CHUNK_SIZE)
      if (buffer === undefined) continue
      // Nobody can write to the file meanwhile.
      this.#content.takeBack(buffer)
      const bytes = buffer.subarray(0, size - at)
      growing(at + bytes.length - open.size, () => open.write(bytes, at))
    }
    if (open.size < size) growing(size - open.size, () => open.truncate(size))
  }

  #sized(ino: Ino, size: number, bytesBefore: number): number {
    const file = this.#files.get(ino)
    const bytes = this.#content.bytes - bytesBefore
    if (file === undefined) {
      this.#files.set(ino, { size, bytes })
      return size
    }
    const growth = size - file.size
    file.size = size
    file.bytes += bytes
    return growth
  }
}
