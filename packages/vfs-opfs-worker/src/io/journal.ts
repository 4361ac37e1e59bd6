// The journal: content of small files on its way to them. An fsync writes what has changed, of all small
// files, behind one another into this one file and flushes it once; the files themselves are written
// later. The log says which files exist and how they are called; an open puts the two together.
//
// The file is a sequence of frames. Each carries a checksum that goes on from that of the frame before it,
// and the number of the journal's turn: when everything in it has reached the files, the turn is over and
// the next one begins at the start of the file. A frame counts if all before it do and its turn is the one
// that the log names, so neither a torn end nor what an older turn has left there can be taken for content.
//
// What frames say is physical: the size of a file, and bytes at offsets. Read in order over a file in which
// any of it has been carried out already, they give the same file, so that writing files may be broken off
// at any point.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'
import type { AccessHandle } from './access.ts'
import { checksum } from './checksum.ts'
import type { OpenFile } from './open-file.ts'
import type { HandlePool } from './stored-file.ts'

export interface Extent {
  readonly at: number
  readonly bytes: Uint8Array
}

/** What has changed of one file. */
export interface FileRecord {
  readonly ino: Ino
  readonly size: number
  /** The extents are all there is: what the file held before does not matter. */
  readonly whole: boolean
  readonly extents: readonly Extent[]
}

export interface Frame {
  readonly records: readonly FileRecord[]
}

// Little-endian throughout.
//
//   0  magic           8  turn       20  bytes of table
//   4  checksum       16  records    24  bytes of them
//
// The table has for each record: ino, size (float64), whole, extents (uint32), and for each extent offset
// and length (uint32). The bytes of all extents follow the table, then up to 7 of padding.
const MAGIC = 0x314a5657
const AT_CHECKSUM = 4
const AT_TURN = 8
const AT_RECORDS = 16
const AT_TABLE_BYTES = 20
const AT_DATA_BYTES = 24
const HEADER_BYTES = 32
/** The checksum covers everything behind itself. */
const CHECKED_FROM = AT_TURN
const RECORD_BYTES = 24
const EXTENT_BYTES = 8

/** A frame is closed when it holds this many bytes; a batch may have several. */
const FRAME_BYTES = 4 * 1024 * 1024

export class Journal {
  readonly #file: OpenFile
  #turn = 1
  #end = 0
  #checksum = 0
  #frames = 0
  #unflushed = false
  // Of whom frames of this turn say something that counts.
  readonly #mentioned = new Set<Ino>()
  // Behind the last frame there may be something: of a dead session, or of an append that has failed.
  #torn = false

  /** Takes the file over. */
  constructor(file: OpenFile) {
    this.#file = file
  }

  /** The file is empty: nothing was ever journalled, or all of it has landed. */
  get isEmpty(): boolean {
    return this.#file.size === 0
  }

  /** Bytes of frames in this turn. */
  get bytes(): number {
    return this.#end
  }

  get turn(): number {
    return this.#turn
  }

  /** How many frames this turn has. */
  get frames(): number {
    return this.#frames
  }

  /** Some frame may not be on storage. */
  get unflushed(): boolean {
    return this.#unflushed
  }

  /** The frames of the turn that the log names. What a dead session wrote is on storage afterwards. */
  load(turn: number): Frame[] {
    this.#turn = turn
    this.#torn = this.#file.size > 0
    const bytes = new Uint8Array(this.#file.size)
    this.#file.read(bytes, 0)
    const frames: Frame[] = []
    for (;;) {
      const frame = decodeFrame(bytes.subarray(this.#end), turn, this.#checksum)
      if (frame === undefined) break
      frames.push(frame)
      this.#end += frame.length
      this.#checksum = frame.checksum
      this.#frames++
      for (const { ino } of frame.records) this.#mentioned.add(ino)
    }
    // It can be read, and may not be on storage; whoever answers an fsync by it relies on that.
    if (frames.length > 0) this.#file.flushAlways()
    return frames
  }

  /** Hands records down, in one frame or several. Nothing counts if it throws. */
  append(records: readonly FileRecord[]): void {
    this.#cutTail()
    this.#unflushed = true
    const before = { end: this.#end, checksum: this.#checksum, frames: this.#frames }
    try {
      for (const part of parts(records)) this.#appendFrame(part)
    } catch (error) {
      this.#end = before.end
      this.#checksum = before.checksum
      this.#frames = before.frames
      this.#torn = true
      throw error
    }
    for (const { ino } of records) this.#mentioned.add(ino)
  }

  /** A crash would lay what frames say over the file. */
  mentions(ino: Ino): boolean {
    return this.#mentioned.has(ino)
  }

  /** The log says that what frames say of the file so far is void. */
  voided(ino: Ino): void {
    this.#mentioned.delete(ino)
  }

  /** Every frame is on storage when this returns. */
  flush(): void {
    if (!this.#unflushed) return
    this.#file.flush()
    this.#unflushed = false
  }

  /** The log says, on storage, that this turn is over. */
  restart(turn: number): void {
    this.#turn = turn
    this.#end = 0
    this.#checksum = 0
    this.#frames = 0
    this.#unflushed = false
    this.#mentioned.clear()
    // What a power cut may bring back of it has the number of an older turn.
    this.#file.truncate(0)
    this.#torn = false
  }

  /**
   * Gives the browser back what the file took and no longer needs; `open` opens it again, in the place of one
   * of `handles` if it must.
   */
  async letGo(handles: HandlePool, open: () => Promise<AccessHandle>): Promise<void> {
    await this.#file.reopen((take) => handles.opening(open, take))
  }

  close(): void {
    this.#file.close()
  }

  #cutTail(): void {
    if (!this.#torn) return
    // For its space only: what a power cut brings back of it goes on from other frames than this session's.
    this.#file.truncate(this.#end)
    this.#torn = false
  }

  #appendFrame(records: readonly FileRecord[]): void {
    const bytes = encodeFrame(records, this.#turn)
    const sum = checksum(bytes.subarray(CHECKED_FROM), this.#checksum)
    new DataView(bytes.buffer).setUint32(AT_CHECKSUM, sum, true)
    this.#file.write(bytes, this.#end)
    this.#end += bytes.length
    this.#checksum = sum
    this.#frames++
  }
}

function* parts(records: readonly FileRecord[]): Generator<FileRecord[]> {
  let part: FileRecord[] = []
  let bytes = 0
  for (const record of records) {
    part.push(record)
    for (const extent of record.extents) bytes += extent.bytes.length
    if (bytes < FRAME_BYTES) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}

function encodeFrame(records: readonly FileRecord[], turn: number): Uint8Array<ArrayBuffer> {
  let tableBytes = 0
  let dataBytes = 0
  for (const { extents } of records) {
    tableBytes += RECORD_BYTES + extents.length * EXTENT_BYTES
    for (const { bytes } of extents) dataBytes += bytes.length
  }
  const frame = new Uint8Array(frameBytes(tableBytes, dataBytes))
  const view = new DataView(frame.buffer)
  view.setUint32(0, MAGIC, true)
  view.setFloat64(AT_TURN, turn, true)
  view.setUint32(AT_RECORDS, records.length, true)
  view.setUint32(AT_TABLE_BYTES, tableBytes, true)
  view.setUint32(AT_DATA_BYTES, dataBytes, true)
  let at = HEADER_BYTES
  let data = HEADER_BYTES + tableBytes
  for (const { ino, size, whole, extents } of records) {
    view.setFloat64(at, ino, true)
    view.setFloat64(at + 8, size, true)
    view.setUint32(at + 16, whole ? 1 : 0, true)
    view.setUint32(at + 20, extents.length, true)
    at += RECORD_BYTES
    for (const extent of extents) {
      view.setUint32(at, extent.at, true)
      view.setUint32(at + 4, extent.bytes.length, true)
      at += EXTENT_BYTES
      frame.set(extent.bytes, data)
      data += extent.bytes.length
    }
  }
  return frame
}

/** Frames begin at multiples of 8, where words can be read. */
function frameBytes(tableBytes: number, dataBytes: number): number {
  return Math.ceil((HEADER_BYTES + tableBytes + dataBytes) / 8) * 8
}

interface DecodedFrame extends Frame {
  readonly length: number
  readonly checksum: number
}

/** The frame at the start of `bytes`; undefined if there is none of this turn that goes on from `previous`. */
function decodeFrame(bytes: Uint8Array, turn: number, previous: number): DecodedFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0, true) !== MAGIC || view.getFloat64(AT_TURN, true) !== turn) return undefined
  const tableBytes = view.getUint32(AT_TABLE_BYTES, true)
  const dataBytes = view.getUint32(AT_DATA_BYTES, true)
  const length = frameBytes(tableBytes, dataBytes)
  if (length > bytes.length) return undefined
  const sum = checksum(bytes.subarray(CHECKED_FROM, length), previous)
  if (sum !== view.getUint32(AT_CHECKSUM, true)) return undefined
  const records: FileRecord[] = []
  let at = HEADER_BYTES
  let data = HEADER_BYTES + tableBytes
  for (let left = view.getUint32(AT_RECORDS, true); left > 0; left--) {
    const extents: Extent[] = []
    const ino = view.getFloat64(at, true)
    const size = view.getFloat64(at + 8, true)
    const whole = view.getUint32(at + 16, true) === 1
    const count = view.getUint32(at + 20, true)
    at += RECORD_BYTES
    for (let index = 0; index < count; index++, at += EXTENT_BYTES) {
      const end = data + view.getUint32(at + 4, true)
      extents.push({ at: view.getUint32(at, true), bytes: bytes.subarray(data, end) })
      data = end
    }
    records.push({ ino, size, whole, extents })
  }
  // The checksum holds, so only a writer that counts wrong can come here.
  if (data !== HEADER_BYTES + tableBytes + dataBytes) {
    throw new VfsError('EIO', 'open', { detail: 'a frame of the journal contradicts itself' })
  }
  return { records, length, checksum: sum }
}
