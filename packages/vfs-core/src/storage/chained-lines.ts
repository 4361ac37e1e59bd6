// The lines of a TwoSlotLog. A line is {"sum":"xxxxxxxx",…}\n where the sum covers everything after it,
// continued from the sum before. The first lines are a header and an image of the whole state; changes
// follow. Every line has the next sequence number `seq` and names in `durable` the last one known to be on
// storage when it was written. What a slot of such lines holds is found out in slot-contents.ts.

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
  readonly closed?: true
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
  return [utf8.encode(`${prefix(sum)}${rest}\n`), sum]
}

export interface Line {
  readonly bytes: Uint8Array
  /** What the line itself says its checksum is. */
  readonly sum: number
  /** Offset behind the newline. */
  readonly end: number
}

export function* splitLines(bytes: Uint8Array): Generator<Line> {
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
  return Number.parseInt(latin1(digits), 16)
}

/** What a line says; undefined if its checksum does not continue `previous`. Throws EIO for no JSON. */
export function decodeLine(line: Uint8Array, previous: number): object | undefined {
  const rest = line.subarray(PREFIX_LENGTH)
  const sum = crc32(rest, previous)
  if (sum !== statedSum(line) || latin1(line.subarray(0, PREFIX_LENGTH)) !== prefix(sum)) {
    return undefined
  }
  try {
    return JSON.parse(`{${text.decode(rest)}`) as object
  } catch (cause) {
    throw new VfsError('EIO', 'open', { detail: 'a line of the state is no JSON', cause })
  }
}

/** What the first of `bytes` say, if they are a line that stands by itself. */
export function decodeFirstLine(bytes: Uint8Array): object | undefined {
  const [first] = splitLines(bytes)
  return first && decodeLine(first.bytes, 0)
}

/**
 * The frame of a line with a right checksum whose number is to be `seq` (of a header: any). Throws EIO for
 * what no log has written, and says what it is.
 */
export function checkFrame(body: object, path: string, seq: number | undefined): LineFrame {
  const frame = body as Partial<Record<keyof LineFrame, unknown>>
  const wrong = (what: string): VfsError => {
    const said = JSON.stringify(frame[what as keyof LineFrame])?.slice(0, 40)
    const detail = `the state is damaged: line ${seq ?? 'one'} has ${what} ${said}`
    return new VfsError('EIO', 'open', { path, detail })
  }
  if (!isCount(frame.seq) || frame.seq === 0 || (seq ?? frame.seq) !== frame.seq) {
    throw wrong('seq')
  }
  if (!isCount(frame.durable) || frame.durable >= frame.seq) throw wrong('durable')
  if (frame.age !== undefined && !isCount(frame.age)) throw wrong('age')
  if (frame.image !== undefined && frame.image !== 'end') throw wrong('image')
  if (frame.epoch !== undefined && typeof frame.epoch !== 'string') throw wrong('epoch')
  if (frame.closed !== undefined && frame.closed !== true) throw wrong('closed')
  return frame as LineFrame
}

/** As `checkFrame`, of a first line. Throws EINVAL for a format that this version does not know. */
export function checkHeader(
  body: object,
  path: string,
  { format, version }: LogFormat,
): HeaderBody {
  const header = body as Partial<HeaderBody>
  if (header.format !== format) {
    throw new VfsError('EINVAL', 'open', { path, detail: `this is not a ${format} store` })
  }
  if (header.version !== version) {
    throw new VfsError('EINVAL', 'open', {
      path,
      detail: `the store has format version ${header.version}, and this release reads ${version}`,
    })
  }
  const { age, epoch } = checkFrame(body, path, undefined)
  const { generation } = header
  if (!isCount(generation) || generation === 0 || age === undefined || epoch === undefined) {
    const detail = `the state is damaged: its header has generation ${generation}, age ${age}, epoch ${epoch}`
    throw new VfsError('EIO', 'open', { path, detail })
  }
  return header as HeaderBody
}

/** A number of bytes, lines, milliseconds or the like. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function prefix(sum: number): string {
  return `{"sum":"${sum.toString(16).padStart(SUM_LENGTH, '0')}",`
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
