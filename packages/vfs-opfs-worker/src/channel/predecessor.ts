// Keeps two I/O workers from one store. The owner's lock is given back when the program's thread dies, but
// the worker that it made may then still carry out what was posted, until the browser ends it.

import { takeOwnership, VfsError, type ReleaseLock } from '@wasm-vfs/core/backend'
import { ioLockName } from '../environment.ts'

/** Browsers end a worker whose maker is gone within a few seconds. */
const PREDECESSOR_DEADLINE_MS = 10_000

/** Takes the lock that an I/O worker holds as long as it may touch the store's files. */
export async function awaitPredecessor(name: string): Promise<ReleaseLock> {
  try {
    const wait = AbortSignal.timeout(PREDECESSOR_DEADLINE_MS)
    return await takeOwnership(ioLockName(name), { wait })
  } catch (error) {
    throw new VfsError('EBUSY', 'open', {
      path: name,
      detail: 'the I/O worker of an earlier session is still at work',
      cause: error,
    })
  }
}
