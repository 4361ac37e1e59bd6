// The write cache of a store: pool files with gathered bytes, held to a budget. Everything that writes
// to a pool file does it here.

import { CHUNK_SIZE } from './dirty-chunks.ts'
import type { PoolFile } from './pool-file.ts'
import type { Region } from './region.ts'

const ZEROS_SIZE = 256 * 1024
const zeros = new Uint8Array(ZEROS_SIZE)

export class WriteBuffer {
  readonly #cacheBytes: number
  // Files with gathered bytes, the one written to longest ago first.
  readonly #files = new Set<PoolFile>()

  /** `cacheBytes`: most bytes of buffers to hold. */
  constructor(cacheBytes: number) {
    this.#cacheBytes = cacheBytes
  }

  /**
   * Writes into a region. What the budget does not allow to keep is handed down, of a long write a part while
   * the rest is still to come.
   */
  write(region: Region, from: Uint8Array, at: number): void {
    const { file } = region
    for (let done = 0; done < from.length;) {
      const position = region.offset + at + done
      // Ends where a chunk does, hence at a sector: a death between two pieces tears none that was whole.
      const piece = from.subarray(done, done + CHUNK_SIZE - (position % CHUNK_SIZE))
      this.#files.delete(file)
      this.#files.add(file)
      file.write(piece, position)
      done += piece.length
      region.written = Math.max(region.written, at + done)
      this.#keepToBudget()
    }
  }

  writeZeros(region: Region, from: number, to: number): void {
    for (let at = from; at < to; at += ZEROS_SIZE) {
      this.write(region, zeros.subarray(0, Math.min(ZEROS_SIZE, to - at)), at)
    }
  }

  /** Hands down what is gathered for a file, so that it survives the death of the tab. */
  writeBack(file: PoolFile): void {
    file.dirty.writeBack()
    this.#files.delete(file)
  }

  /** Everything written to the file is on storage when this returns. */
  flush(file: PoolFile): void {
    this.writeBack(file)
    file.storage.flush()
  }

  #keepToBudget(): void {
    let bytes = 0
    for (const file of this.#files) bytes += file.dirty.bytes
    for (const file of this.#files) {
      if (bytes <= this.#cacheBytes) return
      bytes -= file.dirty.bytes
      this.writeBack(file)
    }
  }
}
