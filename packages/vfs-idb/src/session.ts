// The mark of a session in STATE. Its first transaction says that it has begun to write, and its last, when the
// store is closed, where the log ends: an opening then knows that nothing may be missing behind that. After a
// session that did not close, the log ends with the last sync that is whole.

import { checksumOf } from './checksum.ts'
import { damaged } from './codec.ts'
import { SESSION, STATE, type SessionRecord } from './layout.ts'
import type { Log } from './log.ts'

const NOT_CLOSED = -1
const NOTHING = new Uint8Array(0)

export function markOpen(transaction: IDBTransaction): void {
  transaction.objectStore(STATE).put(encodeSession(NOT_CLOSED))
}

/** `end`: the number of the next record in the log. */
export function markClosed(transaction: IDBTransaction, end: number): void {
  transaction.objectStore(STATE).put(encodeSession(end))
}

export function encodeSession(end: number): SessionRecord {
  return { key: SESSION, end, sum: checksumOf(NOTHING, end) }
}

/**
 * Whether the last session that wrote did not close the store. EIO if it did, and the log does not end where
 * it ended then. `record` is undefined if no session has written yet.
 */
export function wasLeftOpen(
  record: SessionRecord | undefined,
  { next, isUnfinished }: Log,
): boolean {
  if (record === undefined) return false
  const { end, sum } = record
  if (!Number.isSafeInteger(end) || end < NOT_CLOSED || sum !== checksumOf(NOTHING, end)) {
    throw damaged('the mark of the last session is not as it was written')
  }
  if (end === NOT_CLOSED) return true
  if (next < end || isUnfinished) {
    throw damaged(`the store was closed after commit ${end - 1}, and commit ${next} is missing`)
  }
  if (next > end) throw damaged(`commit ${end} is there, and the store was closed before it`)
  return false
}
