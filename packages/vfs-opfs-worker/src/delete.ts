// Deleting a store.

import { takeOwnership, toVfsError } from '@wasm-vfs/core/backend'
import { checkStorage, checkStoreName, lockName } from './environment.ts'
import { awaitPredecessor } from './channel/predecessor.ts'
import { removeIoStore } from './io/open-store.ts'
import type { OpfsWorkerOptions } from './options.ts'

/**
 * Deletes the store called `name` with all files in its directory; nothing happens if there is none, or
 * if the directory is no store. Works without cross-origin isolation. EBUSY if the store is open.
 */
export async function deleteOpfsWorker(
  name: string,
  options: Pick<OpfsWorkerOptions, 'wait'> = {},
): Promise<void> {
  checkStoreName(name)
  checkStorage()
  const release = await takeOwnership(lockName(name), options)
  try {
    const releaseIo = await awaitPredecessor(name)
    try {
      await removeIoStore(name)
    } finally {
      await releaseIo()
    }
  } catch (error) {
    throw toVfsError(error, 'delete', { path: name })
  } finally {
    await release()
  }
}
