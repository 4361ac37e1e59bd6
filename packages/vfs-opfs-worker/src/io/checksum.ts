// The checksum of the journal's frames: tells bytes that were written from bytes that were not all written.
// Word by word, because a first load is tens of megabytes, and a CRC byte by byte would take a tenth of a
// second for it. Each step is a bijection of the state, so no single word can differ unnoticed.

/** Goes on from `previous`. `bytes` is a multiple of 4 long and lies at a multiple of 4 in its buffer. */
export function checksum(bytes: Uint8Array, previous: number): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  let state = previous
  for (let index = 0; index < words.length; index++) {
    state = Math.imul(state ^ words[index]!, 0x9e3779b1)
    state ^= state >>> 15
  }
  return state >>> 0
}
