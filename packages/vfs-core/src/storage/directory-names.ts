// The names in a directory of OPFS. A listing is a promise for each name, so each has the deadline of every
// other wait for a browser. Used by backends when they open, check or delete a store.

import { withDeadline } from './deadline.ts'
import { toVfsError } from './dom-error.ts'

/** Every name in `directory`, in the browser's order. Throws VfsError, of `operation`; ETIMEDOUT after the deadline. */
export async function namesIn(
  directory: FileSystemDirectoryHandle,
  operation: string,
  deadlineMs?: number,
): Promise<string[]> {
  const path = directory.name
  const names: string[] = []
  try {
    const listing = directory.keys()
    for (;;) {
      const next = listing.next()
      const { value, done } = await withDeadline(next, {
        operation,
        call: 'keys',
        path,
        deadlineMs,
      })
      if (done === true) return names
      names.push(value)
    }
  } catch (thrown) {
    throw toVfsError(thrown, operation, { path })
  }
}
