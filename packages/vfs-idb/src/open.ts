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
import type { ContentFact } from './content.ts'
import { newCounters, type Counters } from './counters.ts'
import { checkStoreName, databaseName } from './layout.ts'
import { loadStore } from './load.ts'
import { IdbMetadata } from './metadata.ts'
import { checkOptions, type IdbOptions, type Settings } from './options.ts'
import { IdbLedger } from './owner.ts'
import { askToPersist } from './persist.ts'
import { leaveLog, usesLevelDb } from './torn-log.ts'

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
  const { deadlineMs } = settings
  const counters = newCounters()
  const connection = new Connection({ name, counters, deadlineMs, create: true })
  try {
    const ledger = new IdbLedger(connection)
    const release = await takeOwnership(databaseName(name), options, ledger)
    try {
      return await openStore({ name, settings, counters, connection, release })
    } catch (error) {
      await release()
      throw error
    }
  } catch (error) {
    connection.close()
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

interface Opening {
  readonly name: string
  readonly settings: Settings
  readonly counters: Counters
  readonly connection: Connection
  readonly release: ReleaseLock
}

async function openStore(opening: Opening): Promise<Vfs> {
  const { name, settings, counters, connection, release } = opening
  const { level, onProgress, persist } = settings
  const { wasLeftOpen, tree, ...loaded } = await loadStore({ connection, counters, onProgress })
  if (wasLeftOpen && usesLevelDb) await leaveLog(connection)
  const { content } = loaded
  void content.refreshSpace()
  if (persist !== undefined) void askToPersist(persist)
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
    metadata: new IdbMetadata({ connection, counters, level, ...loaded }),
    tree,
    stats: () => ({ ...counters }),
    release,
  })
}
