// Keeps two I/O workers from one store. An I/O worker holds this lock as long as it may touch the store's
// files. The owner's lock does not tell that, because it goes with the program's thread, and the worker
// that it made may then still carry out what was posted.

import { takeOwnership, VfsError, type ReleaseLock } from '@wasm-vfs/core/backend'
import { ioLockName } from '../environment.ts'

/** Browsers end a worker within a few seconds, whatever it does. */
const END_DEADLINE_MS = 10_000

/** Takes the lock, once whoever had it is gone. EBUSY. */
export async function awaitPredecessor(name: string): Promise<ReleaseLock> {
  try {
    return await takeOwnership(ioLockName(name), { wait: AbortSignal.timeout(END_DEADLINE_MS) })
  } catch (error) {
    throw new VfsError('EBUSY', 'open', {
      path: name,
      detail: 'the I/O worker of an earlier session is still at work',
      cause: error,
    })
  }
}
