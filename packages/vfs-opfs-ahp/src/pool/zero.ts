// Whether bytes are all zero, looked at in words: it is asked of every page that grows a file.

/** True for an empty array, too. */
export function isZero(bytes: Uint8Array): boolean {
  const { length } = bytes
  if (length === 0 || bytes[0] !== 0 || bytes[length - 1] !== 0) return length === 0
  const head = Math.min((4 - (bytes.byteOffset % 4)) % 4, length)
  for (let at = 0; at < head; at++) if (bytes[at] !== 0) return false
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, (length - head) >> 2)
  for (const word of words) if (word !== 0) return false
  for (let at = head + words.length * 4; at < length; at++) if (bytes[at] !== 0) return false
  return true
}
