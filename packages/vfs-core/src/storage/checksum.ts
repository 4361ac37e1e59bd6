// CRC-32 (ISO-HDLC, as in zip and PNG), chained: the checksum of a line is computed on from that of
// the line before it, so a line is valid only where it was written.

const table = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  table[byte] = value
}

/** The checksum of `bytes`, continued from `previous` (0 to start). */
export function crc32(bytes: Uint8Array, previous: number = 0): number {
  let value = ~previous
  for (let at = 0; at < bytes.length; at++) {
    value = table[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8)
  }
  return ~value >>> 0
}
