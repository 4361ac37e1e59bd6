// Opening a store: takes the lock, opens or makes the database, reads it into memory, and puts the
// engine on top. Whatever fails, no lock and no connection is left behind.

import {
  FILE_SIZE_MAX,
  InodeFs,
  takeOwnership,
  toVfsError,
  VfsError,
  type ReleaseLock,
  type Vfs,
} from '@wasm-vfs/core/backend'
import { Connection } from './connection.ts'
import { IdbContent, type ContentFact } from './content.ts'
import { newCounters } from './counters.ts'
import { checkStoreName, databaseName } from './layout.ts'
import { loadStore } from './load.ts'
import { IdbMetadata } from './metadata.ts'
import { checkOptions, type IdbOptions, type Settings } from './options.ts'

/**
 * Opens the store called `name`, a database of its own, and makes it if there is none. Works wherever
 * IndexedDB does: windows, workers of every kind, private windows. All files are read into memory.
 *
 * Throws VfsError: EBUSY (open elsewhere), ENOTSUP (no IndexedDB here), EACCES (storage is blocked),
 * EINVAL (bad name, or a layout of a newer version), EEXIST (the database holds something else), EIO
 * (damage), ENOSPC, ETIMEDOUT; and TypeError for a wrong option.
 */
export async function openIdb(name: string, options: IdbOptions = {}): Promise<Vfs> {
  const settings = checkOptions(options)
  checkStoreName(name)
  checkEnvironment()
  const release = await takeOwnership(databaseName(name), options)
  try {
    return await openStore(name, settings, release)
  } catch (error) {
    await release()
    throw toVfsError(error, 'open', { path: name })
  }
}

/** ENOTSUP where there is no IndexedDB. */
export function checkEnvironment(): void {
  if ((globalThis as Partial<typeof globalThis>).indexedDB !== undefined) return
  throw new VfsError('ENOTSUP', 'open', {
    detail: 'there is no IndexedDB here; it needs a browser, in a window or a worker',
  })
}

async function openStore(name: string, settings: Settings, release: ReleaseLock): Promise<Vfs> {
  const { level, deadlineMs, onProgress } = settings
  const counters = newCounters()
  const content = new IdbContent()
  const connection = await Connection.open({ name, counters, deadlineMs })
  try {
    const { tree, nextOrder } = await loadStore({ connection, content, counters, onProgress })
    void content.refreshSpace()
    return new InodeFs<ContentFact>({
      backend: 'idb',
      name,
      level,
      capabilities: {
        persistent: true,
        synchronousFsync: false,
        hardLinks: true,
        sharedMemoryWithoutCopy: false,
        maxFileSize: FILE_SIZE_MAX,
      },
      content,
      metadata: new IdbMetadata({ connection, counters, level, nextOrder }),
      tree,
      stats: () => ({ ...counters }),
      release,
    })
  } catch (error) {
    connection.close()
    throw error
  }
}
