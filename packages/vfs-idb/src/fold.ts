// Writes a fold: new segments, the head, an empty log, in a transaction of the caller's. Only from what
// it is given, so that it may run again should the transaction be lost.

import type { Catalogue } from './catalogue.ts'
import { checksumOf } from './checksum.ts'
import { encodeFacts, encodeHead } from './codec.ts'
import { entryOfNew, type FoldPlan, type NewSegment } from './image.ts'
import {
  CHUNK_SIZE,
  LOG,
  SEGMENTS,
  STATE,
  type SegmentEntry,
  type SegmentRecord,
} from './layout.ts'
import { resultOf } from './waiting.ts'

export interface Fold {
  readonly plan: FoldPlan
  /** All metadata. */
  readonly catalogue: Catalogue
  /** Of the next record in the log. */
  readonly sequence: number
}

export interface WrittenFold {
  readonly entries: readonly SegmentEntry[]
  readonly headBytes: number
  /** Of segments. */
  readonly bytes: number
}

/**
 * Content handed to the browser before one of its answers is awaited, in bytes: what a large fold may
 * have in flight between the page and the browser's storage process.
 */
const SLICE_BYTES = 8 * 1024 * 1024

export async function writeFold(
  transaction: IDBTransaction,
  { plan, catalogue, sequence }: Fold,
  progress: () => void,
): Promise<WrittenFold> {
  const segments = transaction.objectStore(SEGMENTS)
  transaction.objectStore(LOG).clear()
  if (plan.everything) segments.clear()
  else for (const id of plan.removed) segments.delete(id)
  const entries: SegmentEntry[] = []
  let bytes = 0
  let inFlight = 0
  for (const segment of plan.made) {
    const record: SegmentRecord = { id: segment.id, bytes: bytesOf(segment) }
    const request = segments.put(record, record.id)
    entries.push(entryOfNew(segment, checksumOf(record.bytes, record.id)))
    bytes += record.bytes.length
    inFlight += record.bytes.length
    if (inFlight < SLICE_BYTES) continue
    await resultOf(request)
    progress()
    inFlight = 0
  }
  const head = encodeHead({
    sequence,
    nextSegment: plan.nextSegment,
    segments: [...plan.kept, ...entries],
    facts: encodeFacts(catalogue.facts()),
  })
  transaction.objectStore(STATE).put(head)
  return { entries, headBytes: head.bytes.length, bytes }
}

function bytesOf({ chunks }: NewSegment): Uint8Array {
  const bytes = new Uint8Array(chunks.length * CHUNK_SIZE)
  for (const [at, chunk] of chunks.entries()) bytes.set(chunk.bytes, at * CHUNK_SIZE)
  return bytes
}
