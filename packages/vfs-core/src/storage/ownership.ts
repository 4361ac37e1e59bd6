// One owner per store: a Web Lock held from open to close. The browser gives the lock back when its
// holder's tab or worker dies, however it dies, so there is no stale lock to break. A tab that wants a
// store can ask its owner for it; the asking goes through a BroadcastChannel of the lock's name.

import { VfsError } from '../contract/index.ts'
import { toVfsError } from './dom-error.ts'

export interface OwnershipOptions {
  /**
   * What to do when another tab or worker has the store open. Absent: throw EBUSY at once. `true`: wait
   * until it is free. A signal: wait until it is free or the signal aborts (ECANCELED).
   */
  readonly wait?: boolean | AbortSignal | undefined
  /**
   * Ask the present owner, if any, to hand the store over, and wait for it: as long as `wait` says, or
   * without it ten seconds (EBUSY).
   */
  readonly takeOver?: boolean | undefined
  /**
   * Called once, in the owner, when someone opens the store with `takeOver`. To hand it over, close
   * what uses it; without this the owner keeps it.
   */
  readonly onTakeOver?: (() => void | Promise<void>) | undefined
}

/** Gives the lock back; resolves when others can have it. Calling it again does nothing more. */
export type ReleaseLock = () => Promise<void>

const TAKE_OVER_DEADLINE_MS = 10_000
/** An owner that is still opening does not listen yet, so it is asked again. */
const ASK_AGAIN_MS = 250
const REQUEST = 'take-over'

/**
 * Takes the lock called `lockName`, exclusive within the origin. Where the browser has no Web Locks it
 * takes nothing; a backend then relies on what exclusiveness its storage has.
 */
export async function takeOwnership(
  lockName: string,
  options: OwnershipOptions = {},
): Promise<ReleaseLock> {
  const locks = (globalThis as Partial<typeof globalThis>).navigator?.locks
  if (locks === undefined) return () => Promise.resolve()
  const release = await acquire(locks, lockName, options)
  return options.onTakeOver === undefined
    ? release
    : releaseOnRequest(lockName, options.onTakeOver, release)
}

async function acquire(
  locks: LockManager,
  lockName: string,
  { wait = false, takeOver = false }: OwnershipOptions,
): Promise<ReleaseLock> {
  if (!takeOver) return await request(locks, lockName, lockOptions(wait))
  try {
    return await request(locks, lockName, lockOptions(false))
  } catch (error) {
    if (!(error instanceof VfsError) || error.code !== 'EBUSY') throw error
  }
  const channel = new BroadcastChannel(lockName)
  channel.postMessage(REQUEST)
  const asking = setInterval(() => channel.postMessage(REQUEST), ASK_AGAIN_MS)
  try {
    const patience = wait === false ? AbortSignal.timeout(TAKE_OVER_DEADLINE_MS) : wait
    return await request(locks, lockName, lockOptions(patience))
  } catch (error) {
    if (wait !== false || !(error instanceof VfsError) || error.code !== 'ETIMEDOUT') throw error
    throw new VfsError('EBUSY', 'open', {
      path: lockName,
      detail: `its owner did not hand it over within ${TAKE_OVER_DEADLINE_MS} ms`,
      cause: error,
    })
  } finally {
    clearInterval(asking)
    channel.close()
  }
}

function lockOptions(wait: boolean | AbortSignal): LockOptions {
  if (wait === false) return { ifAvailable: true }
  return wait === true ? {} : { signal: wait }
}

function request(locks: LockManager, lockName: string, options: LockOptions): Promise<ReleaseLock> {
  return new Promise((resolve, reject) => {
    const held = locks.request(lockName, options, (lock) => {
      if (lock === null) {
        reject(busy(lockName))
        return undefined
      }
      // The lock is held for as long as this promise is pending, and given back a little later: a
      // request made in between would find it taken.
      return new Promise<void>((letGo) => {
        resolve(async () => {
          letGo()
          await held
        })
      })
    })
    held.catch((error: unknown) => reject(toVfsError(error, 'open', { path: lockName })))
  })
}

/** Listens for others who want the store, until it is released. */
function releaseOnRequest(
  lockName: string,
  onTakeOver: () => void | Promise<void>,
  release: ReleaseLock,
): ReleaseLock {
  const channel = new BroadcastChannel(lockName)
  let asked = false
  channel.addEventListener('message', ({ data }) => {
    if (data !== REQUEST || asked) return
    asked = true
    // Nobody awaits the callback; what it throws is an error of this program, not of the one that asks.
    void (async () => onTakeOver())().catch((error: unknown) => reportError(error))
  })
  return async () => {
    channel.close()
    await release()
  }
}

function busy(lockName: string): VfsError {
  return new VfsError('EBUSY', 'open', {
    path: lockName,
    detail:
      'another tab or worker has this store open; close it there, open with { wait: true } to wait ' +
      'for it, or with { takeOver: true } to ask for it',
  })
}
