// Opening a store: takes the lock, starts the I/O worker, and puts the engine on top of the channel to
// it. Whatever fails, no lock and no worker is left behind.

import {
  takeOwnership,
  toVfsError,
  VfsError,
  type ReleaseLock,
  type Vfs,
} from '@wasm-vfs/core/backend'
import { mount } from './client/mount.ts'
import { startSession } from './client/session.ts'
import { lockOfThisThread } from './client/supply.ts'
import { isSupply } from './client/worker-supply.ts'
import { checkEnvironment, checkStoreName, lockName } from './environment.ts'
import { checkOptions, type OpfsWorkerOptions, type Settings } from './options.ts'

/**
 * Opens the store called `name`, a directory in OPFS (`a/b` nests), and makes it if there is none. Works
 * in workers of cross-origin isolated pages; have the page call `supplyIoWorkers` for it.
 *
 * Throws VfsError: EBUSY (open elsewhere), ENOTSUP (not isolated, a window, no OPFS), EACCES (private
 * window), EINVAL (bad name, within another store, or a format of another version), EIO (damage, or the I/O worker does not
 * start), EPROTO (its script is of another version), ENOSPC; and TypeError for a wrong option.
 */
export async function openOpfsWorker(name: string, options: OpfsWorkerOptions = {}): Promise<Vfs> {
  const settings = checkOptions(options)
  checkStoreName(name)
  checkEnvironment(!isSupply(settings.worker))
  // Asked for beside the store's own; the session waits for it and is told if it fails.
  if (isSupply(settings.worker)) lockOfThisThread(settings.deadlineMs).catch(() => {})
  const release = await takeOwnership(lockName(name), options)
  try {
    return await openStore(name, settings, release)
  } catch (error) {
    await release()
    throw toVfsError(error, 'open', { path: name })
  }
}

async function openStore(name: string, settings: Settings, release: ReleaseLock): Promise<Vfs> {
  const { durability, windowMs, maxHandles, acceptMissing } = settings
  const session = await startSession({
    ...settings,
    store: { name, durability, windowMs, maxHandles, acceptMissing },
  })
  try {
    return mount(session.channel, session.facts, {
      name,
      durability,
      async release() {
        await session.end(new VfsError('ESTALE', 'channel', { detail: `'${name}' is closed` }))
        await release()
      },
    })
  } catch (error) {
    await session.end(toVfsError(error, 'open'))
    throw error
  }
}
