// A defect of Chromium that would cost the whole store, and how an opening steers clear of it.
//
// Chromium keeps IndexedDB in LevelDB, whose log is the newest file and is appended to. A browser that is
// killed in the middle of a write leaves a torn record at the log's end. The next start passes over it,
// but goes on appending to the same log, behind the torn record; and the start after that finds it in the
// middle, takes the database for corrupt and throws it away, with all others of the origin. (Seen in
// Chromium 156 about once in 150 kills in the midst of commits: checksum mismatch, LOG says "Reusing old
// log".) The log is left behind for good once 4 MiB have been written to it.
//
// So an opening that finds that the last session was not closed (session.ts) writes those 4 MiB before
// anything else, and deletes them, in one transaction; a tenth of a second instead of whole sessions in which
// another start would be the last.

import type { Connection } from './connection.ts'
import { STATE } from './layout.ts'
import { resultOf } from './waiting.ts'

/** LevelDB's write buffer in Chromium, with something over. */
const LOG_BYTES = 5 * 1024 * 1024
/** Below what Chromium puts into a file of its own. */
const RECORD_BYTES = 32 * 1024
const PADDING = 'padding-'

/** Only Chromium's event says whether the database was thrown away. */
export const usesLevelDb: boolean =
  typeof IDBVersionChangeEvent === 'function' && 'dataLoss' in IDBVersionChangeEvent.prototype

/** Makes LevelDB begin a new log. */
export async function leaveLog(connection: Connection): Promise<void> {
  // Values that can be compressed are.
  const bytes = crypto.getRandomValues(new Uint8Array(RECORD_BYTES))
  await connection.transaction('readwrite', 'relaxed', async (transaction) => {
    const state = transaction.objectStore(STATE)
    for (let record = 0; record < LOG_BYTES / RECORD_BYTES; record++) {
      state.put({ key: `${PADDING}${record}`, bytes })
    }
    await resultOf(state.delete(IDBKeyRange.bound(PADDING, `${PADDING}~`)))
  })
}
