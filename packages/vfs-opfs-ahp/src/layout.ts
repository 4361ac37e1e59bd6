// What a store looks like in OPFS, and the sizes it is made of. Everything here is part of the format.
//
//   <name>/state-a.jsonl      the tree, as a log of JSON lines; one of the two slots is in use
//   <name>/state-b.jsonl
//   <name>/data/00000-000001  pool files: each either dedicated to one large file, or a pack of slots
//   <name>/data/00000-000002

/** Names the format in the first line of a state file. */
export const FORMAT = 'wasm-vfs/opfs-ahp'
export const FORMAT_VERSION = 1

export const STATE_FILES = ['state-a.jsonl', 'state-b.jsonl'] as const
export const DATA_DIRECTORY = 'data'

/**
 * Smallest slot of a pack, in bytes. Slots are powers of two and aligned to their own size, so that a
 * 4 KiB page of a program lies in whole sectors and the browser's write of it is torn only where the
 * program's own disk would tear it (Postgres's pg_control relies on 512 bytes).
 */
export const SLOT_MIN = 4096

/** A file of at least this many bytes gets a pool file of its own when a spare is at hand. */
export const DEDICATED_MIN: number = 1024 * 1024

/** A serial number as a file name: eleven digits, split so that listings sort and stay readable. */
export function dataFileName(serial: number): string {
  const digits = String(serial).padStart(11, '0')
  return `${digits.slice(0, -6)}-${digits.slice(-6)}`
}

/** The serial number of a pool file's name; undefined for a file that is not ours. */
export function dataFileSerial(name: string): number | undefined {
  const match = /^(\d{5})-(\d{6})$/.exec(name)
  return match === null ? undefined : Number(`${match[1]}${match[2]}`)
}

/** The smallest slot that holds `bytes`. */
export function slotSize(bytes: number): number {
  let size = SLOT_MIN
  while (size < bytes) size *= 2
  return size
}
