// The log as it is found. The records of one sync were written in one transaction, so they are all there or
// none is; but a browser's database has been seen to lose a part of its newest transaction in a power cut. Such
// a sync is undone: what is left of it is passed over, and removed by the next transaction that writes. A
// record that is missing elsewhere is damage.

import { damaged, decodeRecord, type LoggedBatch } from './codec.ts'
import type { LogRecord } from './layout.ts'

export interface Log {
  /** Those of whole syncs, with what they say. */
  readonly records: readonly LogRecord[]
  readonly batches: readonly LoggedBatch[]
  /** Of the record that the next sync begins with. */
  readonly next: number
  /** There are records from `next` on, of a sync that is not whole. */
  readonly isUnfinished: boolean
}

/** `found` by rising keys; the first sync begins with `sequence`. EIO for what was not written so. */
export function readLog(found: readonly LogRecord[], sequence: number): Log {
  const decoded = found.map((record) => decodeRecord(record))
  let at = 0
  let next = sequence
  let isUnfinished = false
  while (at < found.length && !isUnfinished) {
    const begin = beginOf(found[at]!)
    if (begin > next) throw damaged(`commit ${next} is missing`)
    if (begin < next) throw damaged(`commit ${found[at]!.sequence} belongs to no sync`)
    let end = at
    while (end < found.length && beginOf(found[end]!) === begin) end++
    const missing = missingPart(found.slice(at, end))
    if (missing === undefined) {
      next = begin + end - at
      at = end
      continue
    }
    if (end < found.length) throw damaged(`commit ${begin + missing} is missing`)
    isUnfinished = true
  }
  return { records: found.slice(0, at), batches: decoded.slice(0, at), next, isUnfinished }
}

function beginOf({ sequence, part }: LogRecord): number {
  return sequence - part
}

/** The first part of a sync that is not there. */
function missingPart(records: readonly LogRecord[]): number | undefined {
  for (const [at, { part, last, sequence }] of records.entries()) {
    if (part !== at) return at
    if (last && at < records.length - 1) throw damaged(`commit ${sequence + 1} belongs to no sync`)
  }
  return records.at(-1)!.last ? undefined : records.length
}
