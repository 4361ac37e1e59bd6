// What the file-level workloads write, and how they see that it was read back: each aligned block of
// 4 KiB begins with its own place in the file. Relies on nothing.

import { WrongResult } from './workload.ts'

export const BLOCK_BYTES = 4_096
const BYTE = 0x5a

/** Bytes for the range of `length` at `at`, both multiples of BLOCK_BYTES. */
export function content(at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(BYTE)
  stamp(bytes, at)
  return bytes
}

/** Makes bytes that `content` made the content of another place. */
export function stamp(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    view.setFloat64(block, at + block, true)
  }
}

/** WrongResult unless the bytes are those that were written at `at`; no block is read whole. */
export function checkContent(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let block = 0; block < bytes.length; block += BLOCK_BYTES) {
    const last = Math.min(block + BLOCK_BYTES, bytes.length) - 1
    if (view.getFloat64(block, true) === at + block && bytes[last] === BYTE) continue
    throw new WrongResult(`at ${at + block} there is something else than what was written`)
  }
}

/** The numbers below `count`, each once, in an order that is the same every time. */
export function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  let state = 0x2545f491
  for (let last = count - 1; last > 0; last--) {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const other = (state >>> 0) % (last + 1)
    ;[order[last], order[other]] = [order[other] as number, order[last] as number]
  }
  return order
}
