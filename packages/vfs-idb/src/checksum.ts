// Checksums of records. They find what a browser's database lost or changed, which not every engine's
// does by itself; they are no defence against somebody who wants to deceive.

/** Odd, so that multiplying by it loses nothing, and with many bits set. */
const FACTOR = 0x9e3779b1
const LANES = 4

/**
 * Of bytes and numbers, as an unsigned 32-bit number. Four words at a time, because the checksum of a
 * chunk is in the way of every commit, and those of all segments in the way of an opening.
 */
export function checksumOf(bytes: Uint8Array, ...numbers: readonly number[]): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2)
  let [a, b, c, d] = [1, 2, 3, 4]
  const whole = words.length - (words.length % LANES)
  for (let at = 0; at < whole; at += LANES) {
    a = mix(a, words[at]!)
    b = mix(b, words[at + 1]!)
    c = mix(c, words[at + 2]!)
    d = mix(d, words[at + 3]!)
  }
  let sum = bytes.length
  for (const lane of [a, b, c, d]) sum = mix(sum, lane)
  for (let at = whole; at < words.length; at++) sum = mix(sum, words[at]!)
  for (let at = words.length * 4; at < aligned.length; at++) sum = mix(sum, aligned[at]!)
  for (const number of numbers) sum = mix(mix(sum, number), number / 2 ** 32)
  return finish(sum)
}

/** Rotated, so that a word's high bits reach the low ones, too. */
function mix(sum: number, word: number): number {
  return Math.imul(((sum << 13) | (sum >>> 19)) ^ word, FACTOR)
}

function finish(sum: number): number {
  const mixed = Math.imul(sum ^ (sum >>> 15), FACTOR)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
