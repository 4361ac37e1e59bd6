// The stores of this origin: listing and deleting them.

import {
  takeOwnership,
  toVfsError,
  VfsError,
  withDeadline,
  type OwnershipOptions,
} from '@wasm-vfs/core/backend'
import { Connection } from './connection.ts'
import { newCounters } from './counters.ts'
import { checkStoreName, databaseName, storeName } from './layout.ts'
import { checkEnvironment } from './open.ts'
import { DEADLINE_MS } from './options.ts'
import { IdbLedger } from './owner.ts'
import { waitFor } from './waiting.ts'

/** The names of all stores, sorted. ENOTSUP where IndexedDB cannot list its databases. */
export async function listIdb(): Promise<string[]> {
  checkEnvironment()
  if (typeof indexedDB.databases !== 'function') {
    throw new VfsError('ENOTSUP', 'list', { detail: 'this browser does not list its databases' })
  }
  try {
    const call = { operation: 'list', call: 'indexedDB.databases', deadlineMs: DEADLINE_MS }
    const databases = await withDeadline(indexedDB.databases(), call)
    // WebKit lists, without a version, what was asked for and not made.
    const made = databases.filter(({ version = 0 }) => version > 0)
    const names = made.map(({ name = '' }) => storeName(name))
    return names.filter((name) => name !== undefined).sort()
  } catch (error) {
    throw toVfsError(error, 'list')
  }
}

/**
 * Deletes the store called `name`; nothing happens if there is none. EBUSY if it is open, as
 * `options.wait` says.
 */
export async function deleteIdb(
  name: string,
  options: Pick<OwnershipOptions, 'wait'> = {},
): Promise<void> {
  checkStoreName(name)
  checkEnvironment()
  const counters = newCounters()
  const connection = new Connection({ name, counters, deadlineMs: DEADLINE_MS, create: true })
  const ledger = new IdbLedger(connection)
  const release = await takeOwnership(databaseName(name), options, ledger)
  try {
    connection.close()
    await deleteDatabase(name)
    ledger.isGone()
  } catch (error) {
    throw toVfsError(error, 'delete', { path: name })
  } finally {
    await release()
  }
}

function deleteDatabase(name: string): Promise<void> {
  let blocked = false
  const onTimeout = (): VfsError | undefined => {
    if (!blocked) return undefined
    return new VfsError('EBUSY', 'delete', {
      path: name,
      detail: 'another tab does not let go of the database; it goes when that tab does',
    })
  }
  const call = 'indexedDB.deleteDatabase'
  const options = { operation: 'delete', call, path: name, deadlineMs: DEADLINE_MS, onTimeout }
  return waitFor<void>(options, (wait) => {
    const request = indexedDB.deleteDatabase(databaseName(name))
    request.onblocked = () => {
      blocked = true
    }
    request.onsuccess = () => wait.done()
    request.onerror = () => wait.failed(request.error)
  })
}
