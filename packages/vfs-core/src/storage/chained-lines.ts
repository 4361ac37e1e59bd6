// Reads one slot of a TwoSlotLog back: which lines are whole, what they say, and whether what is not
// whole is the torn end of an interrupted append or damage.
//
// A line is {"sum":"xxxxxxxx",…}\n where the sum covers everything after it, continued from the sum
// before. The first lines are a header and an image of the whole state; changes follow. Every line has
// the next sequence number `seq` and names in `durable` the last one known to be on storage when it
// was written.

import { VfsError } from '../contract/index.ts'
import { crc32 } from './checksum.ts'

/** What a log calls itself in its first line, so that no other program's file is taken for one. */
export interface LogFormat {
  readonly format: string
  readonly version: number
}

export interface HeaderBody {
  readonly seq: number
  readonly durable: number
  readonly format: string
  readonly version: number
  /** Of two whole slots the one with the higher generation counts. */
  readonly generation: number
  /** As in every LineFrame. */
  readonly age: number
  readonly epoch: string
}

/** A change, or a part of the image: what the log's user wrote, and what the log adds. */
export type LineBody<Content extends object> = Content & LineFrame

export interface LineFrame {
  readonly seq: number
  readonly durable: number
  /** How long the store has been open since it was made, in milliseconds: see open-time.ts. */
  readonly age?: number
  /** The image is complete with this line. */
  readonly image?: 'end'
  /** A session began; what it draws here makes its checksums unlike those of any other session. */
  readonly epoch?: string
  /** The session before was closed and everything was flushed. */
  readonly closed?: boolean
}

export interface SlotContents<Content extends object> {
  /** Nothing, an image that is not complete, or a state. */
  readonly state: 'empty' | 'incomplete' | 'complete'
  readonly header: HeaderBody | undefined
  /** Without the header, in order. */
  readonly lines: readonly LineBody<Content>[]
  /** The last whole line is a clean close. */
  readonly closed: boolean
  /** Where the whole lines end, in bytes, and what the next line continues from. */
  readonly end: number
  readonly sum: number
  readonly seq: number
  readonly imageEnd: number
  /** The last that a line says, in milliseconds. */
  readonly age: number
  /** A line that had reached storage is bad. Whether that matters depends on the other slot. */
  readonly damage: VfsError | undefined
}

const NEWLINE = 0x0a
const SUM_LENGTH = 8
const PREFIX_LENGTH = '{"sum":"'.length + SUM_LENGTH + '",'.length
const utf8 = new TextEncoder()
const text = new TextDecoder('utf-8', { fatal: true })

/** One line for `body`, and the checksum the next line continues from. */
export function encodeLine(body: object, previous: number): [Uint8Array, number] {
  const rest = JSON.stringify(body).slice(1)
  const sum = crc32(utf8.encode(rest), previous)
  return [utf8.encode(`{"sum":"${hex(sum)}",${rest}\n`), sum]
}

/** Throws EINVAL for a format this version does not know. */
export function readSlot<Content extends object>(
  bytes: Uint8Array,
  path: string,
  format: LogFormat,
): SlotContents<Content> {
  const whole: LineBody<Content>[] = []
  let header: HeaderBody | undefined
  let imageEnd = 0
  let closed = false
  let age = 0
  let sum = 0
  let seq = 0
  let end = 0
  for (const line of lines(bytes)) {
    const body = decodeLine(line.bytes, sum)
    if (body === undefined || (header !== undefined && body.seq !== seq + 1)) break
    if (header === undefined) header = checkHeader(body, path, format)
    else whole.push(body as LineBody<Content>)
    if (body.image === 'end') imageEnd = line.end
    closed = body.closed === true
    age = body.age ?? age
    sum = line.sum
    seq = body.seq
    end = line.end
  }
  const damage = damageBehind(bytes.subarray(end), header === undefined ? 0 : seq + 1, path)
  const state = imageEnd > 0 ? 'complete' : bytes.length === 0 ? 'empty' : 'incomplete'
  return { state, header, lines: whole, closed, end, sum, seq, imageEnd, age, damage }
}

interface Line {
  readonly bytes: Uint8Array
  /** What the line itself says its checksum is. */
  readonly sum: number
  /** Offset behind the newline. */
  readonly end: number
}

function* lines(bytes: Uint8Array): Generator<Line> {
  let start = 0
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start)
    if (newline === -1) return
    const line = bytes.subarray(start, newline)
    yield { bytes: line, sum: statedSum(line), end: newline + 1 }
    start = newline + 1
  }
}

function statedSum(line: Uint8Array): number {
  const digits = line.subarray(PREFIX_LENGTH - SUM_LENGTH - 2, PREFIX_LENGTH - 2)
  return Number.parseInt(String.fromCharCode(...digits), 16)
}

function decodeLine(line: Uint8Array, previous: number): LineFrame | undefined {
  const rest = line.subarray(PREFIX_LENGTH)
  if (crc32(rest, previous) !== statedSum(line)) return undefined
  try {
    return JSON.parse(`{${text.decode(rest)}`) as LineFrame
  } catch {
    // The checksum holds by chance; a line that is no JSON is not ours.
    return undefined
  }
}

function checkHeader(body: LineFrame, path: string, { format, version }: LogFormat): HeaderBody {
  const header = body as HeaderBody
  if (header.format !== format) {
    throw new VfsError('EINVAL', 'open', { path, detail: `this is not a ${format} store` })
  }
  if (header.version !== version) {
    throw new VfsError('EINVAL', 'open', {
      path,
      detail: `the store has format version ${header.version}, and this release reads ${version}`,
    })
  }
  return header
}

/**
 * What follows the last whole line was written and never flushed, so it may be anything. But a whole
 * line behind it that says the bad one had reached storage makes it damage, and cutting it off would
 * lose what was acknowledged.
 */
function damageBehind(tail: Uint8Array, badSeq: number, path: string): VfsError | undefined {
  let previous: number | undefined
  for (const line of lines(tail)) {
    const body = previous === undefined ? undefined : decodeLine(line.bytes, previous)
    if (body !== undefined && body.durable >= badSeq) {
      return new VfsError('EIO', 'open', {
        path,
        detail: `line ${badSeq} of the state is damaged, although it had reached storage`,
      })
    }
    previous = line.sum
  }
  return undefined
}

function hex(sum: number): string {
  return sum.toString(16).padStart(SUM_LENGTH, '0')
}
