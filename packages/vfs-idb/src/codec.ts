// Records of the log and the head, made with their checksums, and taken apart again. What is not as it
// was written is EIO.

import {
  decodeFact,
  encodeFact,
  RecordFields,
  VfsError,
  type Fact,
  type FactRecord,
} from '@wasm-vfs/core/backend'
import { checksumOf } from './checksum.ts'
import type { Change } from './content.ts'
import {
  CHUNK_SIZE,
  HEAD,
  SEGMENT_CHUNKS,
  type Head,
  type HeadRecord,
  type LogRecord,
  type SegmentEntry,
} from './layout.ts'

export interface LoggedBatch {
  readonly facts: readonly Fact[]
  readonly content: readonly Change[]
}

// Letters of content, beside those of the core's facts.
const CHUNK = 'c'
const HOLE = 'h'
const CUT = 't'

/** A record is full with this; the last item may take it to 56 KiB. */
const RECORD_BYTES = 40 * 1024
/** A change, without its content. */
const CHANGE_BYTES = 64

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The records of one sync, the first of which has the number `sequence`. */
export function encodeBatch(sequence: number, batch: LoggedBatch): LogRecord[] {
  const parts = [...partsOf(batch)]
  return parts.map((each, part) =>
    encodePart(sequence + part, part, part === parts.length - 1, each),
  )
}

/**
 * A batch in parts that are a record each. Values of 64 KiB and more have a file of their own in Chromium,
 * which takes three times as long, and which a relaxed transaction would leave behind unflushed.
 */
function* partsOf({ facts, content }: LoggedBatch): Generator<LoggedBatch> {
  let part: { facts: Fact[]; content: Change[] } = { facts: [], content: [] }
  let size = 0
  for (const fact of facts) {
    // Some characters take two bytes.
    size += 2 * JSON.stringify(encodeFact(fact)).length
    part.facts.push(fact)
    if (size < RECORD_BYTES) continue
    yield part
    part = { facts: [], content: [] }
    size = 0
  }
  for (const change of content) {
    size += CHANGE_BYTES + (change.type === 'chunk' ? change.bytes.length : 0)
    part.content.push(change)
    if (size < RECORD_BYTES) continue
    yield part
    part = { facts: [], content: [] }
    size = 0
  }
  if (size > 0) yield part
}

function encodePart(
  sequence: number,
  part: number,
  last: boolean,
  { facts, content }: LoggedBatch,
): LogRecord {
  let length = 0
  for (const fact of content) if (fact.type === 'chunk') length += fact.bytes.length
  const bytes = new Uint8Array(length)
  const records = facts.map(encodeFact)
  let at = 0
  for (const fact of content) {
    const { ino, index } = fact
    if (fact.type === 'chunk') {
      bytes.set(fact.bytes, at)
      at += fact.bytes.length
      records.push([CHUNK, ino, index, fact.bytes.length])
    } else records.push([fact.type === 'hole' ? HOLE : CUT, ino, index])
  }
  return sealRecord({ sequence, part, last, facts: JSON.stringify(records), bytes })
}

/** With the checksum of its fields. */
export function sealRecord(record: Omit<LogRecord, 'sum'>): LogRecord {
  return { ...record, sum: sumOf(record) }
}

export function decodeRecord(record: LogRecord): LoggedBatch {
  checkRecord(record)
  const { sequence, facts: text, bytes } = record
  const facts: Fact[] = []
  const content: Change[] = []
  let at = 0
  const records = parse(text, `commit ${sequence}`)
  if (!Array.isArray(records)) throw damaged(`commit ${sequence} has an unknown form`)
  for (const each of records as unknown[]) {
    const fields = new RecordFields(each)
    const letter = fields.string(0)
    if (letter === CHUNK) {
      const end = at + fields.integer(3)
      if (end === at || end - at > CHUNK_SIZE) throw fields.malformed()
      const chunk = bytes.slice(at, end)
      content.push({ type: 'chunk', ino: fields.ino(1), index: fields.integer(2), bytes: chunk })
      at = end
    } else if (letter === HOLE || letter === CUT) {
      const type = letter === HOLE ? 'hole' : 'cut'
      content.push({ type, ino: fields.ino(1), index: fields.integer(2) })
    } else facts.push(decodeFact(each))
  }
  if (at !== bytes.length) {
    throw damaged(`commit ${sequence} has ${bytes.length} bytes of content and speaks of ${at}`)
  }
  return { facts, content }
}

function checkRecord(record: LogRecord | null): void {
  const { sequence, part, last, facts, bytes, sum } = record ?? ({} as LogRecord)
  const isNumbered = isCount(sequence) && isCount(part) && part <= sequence
  const isRecord = isNumbered && typeof last === 'boolean' && typeof facts === 'string'
  if (!isRecord || !(bytes instanceof Uint8Array) || sum !== sumOf(record!)) {
    throw damaged(`commit ${sequence} is not as it was written`)
  }
}

export function encodeHead(head: Head): HeadRecord {
  const bytes = encoder.encode(JSON.stringify(head))
  return { key: HEAD, bytes, sum: checksumOf(bytes) }
}

export function decodeHead({ bytes, sum }: HeadRecord): Head {
  if (!(bytes instanceof Uint8Array) || sum !== checksumOf(bytes)) {
    throw damaged('the list of all files is not as it was written')
  }
  const head = parse(decoder.decode(bytes), 'the list of all files')
  if (!isHead(head)) throw damaged('the list of all files has an unknown form')
  const ids = new Set<number>()
  for (const entry of head.segments) {
    checkSegment(entry, head.nextSegment)
    if (ids.size === ids.add(entry.id).size) throw damaged(`segment ${entry.id} is there twice`)
  }
  return head
}

function isHead(value: object): value is Head {
  const { sequence, nextSegment, segments, facts } = value as Partial<Head>
  const isNumbered = isCount(sequence) && isCount(nextSegment)
  return isNumbered && Array.isArray(segments) && Array.isArray(facts)
}

function checkSegment(entry: SegmentEntry | null, nextSegment: number): void {
  const { id, chunks, sum, runs } = entry ?? ({} as SegmentEntry)
  if (!isCount(id) || id >= nextSegment || !isCount(sum) || !Array.isArray(runs)) {
    throw damaged(`the list of all files speaks of a segment ${id}, which cannot be`)
  }
  if (!isCount(chunks) || chunks > SEGMENT_CHUNKS) {
    throw damaged(`segment ${id} cannot have ${chunks} places`)
  }
  for (const run of runs) {
    const fields = new RecordFields(run)
    const [at, count] = [fields.integer(0), fields.integer(3)]
    // An index beyond every file's end is found when the file is known.
    if (fields.ino(1) > 0 && fields.integer(2) >= 0 && at + count <= chunks) continue
    throw damaged(`segment ${id} has no place ${at + count - 1}`)
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function parse(text: string, what: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw damaged(`${what} has an unknown form`)
}

export const encodeFacts = (facts: Iterable<Fact>): FactRecord[] =>
  Array.from(facts, (fact) => encodeFact(fact))

export function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the stored files are damaged: ${detail}` })
}

function sumOf({ sequence, part, last, facts, bytes }: Omit<LogRecord, 'sum'>): number {
  return checksumOf(bytes, sequence, part, last ? 1 : 0, checksumOf(encoder.encode(facts)))
}
