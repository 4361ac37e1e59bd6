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
import { HEAD, type Head, type HeadRecord, type LogRecord } from './layout.ts'

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

/**
 * A batch in parts that are a record each. Values of 64 KiB and more have a file of their own in Chromium,
 * which takes three times as long, and which a relaxed transaction would leave behind unflushed.
 */
export function* partsOf({ facts, content }: LoggedBatch): Generator<LoggedBatch> {
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

export function encodeBatch(sequence: number, { facts, content }: LoggedBatch): LogRecord {
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
  const text = JSON.stringify(records)
  return { sequence, facts: text, bytes, sum: sumOf(sequence, text, bytes) }
}

export function decodeBatch({ sequence, facts: text, bytes, sum }: LogRecord): LoggedBatch {
  const whole = typeof text === 'string' && bytes instanceof Uint8Array
  if (!whole || sum !== sumOf(sequence, text, bytes)) {
    throw damaged(`commit ${sequence} is not as it was written`)
  }
  const facts: Fact[] = []
  const content: Change[] = []
  let at = 0
  for (const record of JSON.parse(text) as unknown[]) {
    const fields = new RecordFields(record)
    const letter = fields.string(0)
    if (letter === CHUNK) {
      const end = at + fields.number(3)
      const chunk = bytes.slice(at, end)
      content.push({ type: 'chunk', ino: fields.number(1), index: fields.number(2), bytes: chunk })
      at = end
    } else if (letter === HOLE || letter === CUT) {
      const type = letter === HOLE ? 'hole' : 'cut'
      content.push({ type, ino: fields.number(1), index: fields.number(2) })
    } else facts.push(decodeFact(record))
  }
  return { facts, content }
}

export function encodeHead(head: Head): HeadRecord {
  const bytes = encoder.encode(JSON.stringify(head))
  return { key: HEAD, bytes, sum: checksumOf(bytes) }
}

export function decodeHead({ bytes, sum }: HeadRecord): Head {
  if (!(bytes instanceof Uint8Array) || sum !== checksumOf(bytes)) {
    throw damaged('the list of all files is not as it was written')
  }
  return JSON.parse(decoder.decode(bytes)) as Head
}

export const encodeFacts = (facts: Iterable<Fact>): FactRecord[] =>
  Array.from(facts, (fact) => encodeFact(fact))

export function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the stored files are damaged: ${detail}` })
}

function sumOf(sequence: number, text: string, bytes: Uint8Array): number {
  return checksumOf(bytes, sequence, checksumOf(encoder.encode(text)))
}
