// Reads one slot of a TwoSlotLog back: which lines are whole, what they say, and whether what is not
// whole is the torn end of an interrupted append or damage.

import { VfsError } from '../contract/index.ts'
import {
  checkFrame,
  checkHeader,
  decodeLine,
  splitLines,
  type HeaderBody,
  type LineBody,
  type LineFrame,
  type LogFormat,
} from './chained-lines.ts'
import type { CloseMark } from './close-mark.ts'

export interface SlotContents<Content extends object> {
  /** Nothing, an image that is not complete, or a state. */
  readonly state: 'empty' | 'incomplete' | 'complete'
  readonly header: HeaderBody | undefined
  /** Without the header, in order. */
  readonly lines: readonly LineBody<Content>[]
  /** Behind each of them: where the next line goes, and what it continues from. */
  readonly ends: readonly LineEnd[]
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

export interface LineEnd {
  readonly end: number
  readonly sum: number
}

export interface Slot {
  readonly bytes: Uint8Array
  readonly path: string
  /** What the other slot says of this one. */
  readonly mark?: CloseMark | undefined
}

/** Throws EINVAL for a format this version does not know, EIO for lines that no log has written. */
export function readSlot<Content extends object>(
  slot: Slot,
  format: LogFormat,
): SlotContents<Content> {
  const { bytes, path, mark } = slot
  const whole: LineBody<Content>[] = []
  const ends: LineEnd[] = []
  let header: HeaderBody | undefined
  let imageEnd = 0
  let closed = false
  let age = 0
  let sum = 0
  let seq = 0
  let end = 0
  let reachesMark = false
  for (const line of splitLines(bytes)) {
    const body = decodeLine(line.bytes, sum)
    if (body === undefined) break
    if (header === undefined) {
      header = checkHeader(body, path, format)
      ;({ seq, age } = header)
    } else {
      const frame = checkFrame(body, path, seq + 1)
      whole.push(body as LineBody<Content>)
      ends.push(line)
      if (frame.image === 'end') imageEnd = line.end
      closed = frame.closed === true
      age = frame.age ?? age
      ;({ seq } = frame)
    }
    ;({ sum, end } = line)
    if (seq === mark?.seq && end === mark.end && sum === mark.chain) reachesMark = true
  }
  const damage =
    damageBehind(bytes.subarray(end), header === undefined ? 0 : seq + 1, path) ??
    (reachesMark ? undefined : shortOfMark(slot, header, seq))
  const state = imageEnd > 0 ? 'complete' : bytes.length === 0 ? 'empty' : 'incomplete'
  return { state, header, lines: whole, ends, closed, end, sum, seq, imageEnd, age, damage }
}

/**
 * What follows the last whole line was written and never flushed, so it may be anything. But a whole
 * line behind it that says the bad one had reached storage makes it damage, and cutting it off would
 * lose what was acknowledged.
 */
function damageBehind(tail: Uint8Array, badSeq: number, path: string): VfsError | undefined {
  let previous: number | undefined
  for (const line of splitLines(tail)) {
    const body: Partial<LineFrame> | undefined =
      previous === undefined ? undefined : decodeLine(line.bytes, previous)
    const durable = body?.durable
    if (durable !== undefined && durable >= badSeq) {
      return new VfsError('EIO', 'open', {
        path,
        detail: `line ${badSeq} of the state is damaged, although it had reached storage`,
      })
    }
    previous = line.sum
  }
  return undefined
}

/** The log was longer when it was closed, so it was not a crash that took its end. */
function shortOfMark(
  { bytes, path, mark }: Slot,
  header: HeaderBody | undefined,
  seq: number,
): VfsError | undefined {
  // A mark of a generation that has been replaced says nothing.
  if (mark === undefined || (header?.generation ?? 0) > mark.generation) return undefined
  const closing = `the state ended with line ${mark.seq} when the store was closed`
  const detail =
    bytes.length === 0
      ? `${closing}, and nothing is left of it, so the store is damaged or never settled`
      : `${closing}, and ends with line ${seq} now, so it is damaged`
  return new VfsError('EIO', 'open', { path, detail })
}
