// Deleting a store.

import { takeOwnership, toVfsError } from '@wasm-vfs/core/backend'
import {
  checkEnvironment,
  checkStoreName,
  findDirectory,
  lockName,
  removeStore,
} from './directory.ts'
import type { OpfsAhpOptions } from './options.ts'

/**
 * Deletes the store called `name`; nothing happens if there is none. Only files that a store is made
 * of are removed; a directory that holds others stays, with them. EBUSY if the store is open.
 */
export async function deleteOpfsAhp(
  name: string,
  options: Pick<OpfsAhpOptions, 'directory' | 'wait'> = {},
): Promise<void> {
  const path = checkStoreName(name)
  checkEnvironment(options.directory)
  const release = await takeOwnership(lockName(name), options)
  try {
    const parent = await findDirectory(path.slice(0, -1), { ...options, create: false })
    const root = await findDirectory(path, { ...options, create: false })
    if (parent !== undefined && root !== undefined) await removeStore(parent, root, path.at(-1)!)
  } catch (error) {
    throw toVfsError(error, 'delete', { path: name })
  } finally {
    await release()
  }
}
