// The write cache of a store: pool files with gathered bytes, held to a budget. Everything that writes
// to a pool file does it here.

import type { PoolFile } from './pool-file.ts'
import type { Region } from './region.ts'

const ZEROS_SIZE = 256 * 1024
const zeros = new Uint8Array(ZEROS_SIZE)

export class Gathering {
  readonly #cacheBytes: number
  // Files with gathered bytes, the one written to longest ago first.
  readonly #files = new Set<PoolFile>()

  /** `cacheBytes`: most bytes of buffers to hold. */
  constructor(cacheBytes: number) {
    this.#cacheBytes = cacheBytes
  }

  /** Writes into a region. What the budget does not allow to keep is handed down. */
  write(region: Region, from: Uint8Array, at: number): void {
    const { file } = region
    file.write(from, region.offset + at)
    region.written = Math.max(region.written, at + from.length)
    this.#files.delete(file)
    this.#files.add(file)
    this.#keepToBudget()
  }

  writeZeros(region: Region, from: number, to: number): void {
    for (let at = from; at < to; at += ZEROS_SIZE) {
      this.write(region, zeros.subarray(0, Math.min(ZEROS_SIZE, to - at)), at)
    }
  }

  handDown(file: PoolFile): void {
    file.dirty.handDown()
    this.#files.delete(file)
  }

  /** Everything written to the file is on storage when this returns. */
  flush(file: PoolFile): void {
    this.handDown(file)
    file.storage.flush()
  }

  #keepToBudget(): void {
    let bytes = 0
    for (const file of this.#files) bytes += file.dirty.bytes
    for (const file of this.#files) {
      if (bytes <= this.#cacheBytes) return
      bytes -= file.dirty.bytes
      this.handDown(file)
    }
  }
}
