// One owner per store: a Web Lock held from open to close. The browser gives the lock back when its
// holder's tab or worker dies, however it dies, so there is no stale lock to break. A tab that wants a
// store can ask its owner for it; the asking goes through a BroadcastChannel of the lock's name. Where
// there are no Web Locks (a page without https), a backend can keep a ledger instead: see noted-owner.ts.
//
// A wait ends when the caller says so (`wait`), and otherwise with a deadline. A lock that the browser gives
// after that is given back.

import { VfsError } from '../contract/index.ts'
import { withDeadline } from './deadline.ts'
import { toVfsError } from './dom-error.ts'
import { noteOwnership, type OwnerLedger } from './noted-owner.ts'
import {
  ASK_AGAIN_MS,
  busy,
  notHandedOver,
  releaseOnRequest,
  REQUEST,
  TAKE_OVER_DEADLINE_MS,
  type OwnershipOptions,
  type ReleaseLock,
} from './take-over.ts'

/**
 * Takes the lock called `lockName`, exclusive within the origin. Where the browser has no Web Locks it
 * goes by the `ledger`; without one it takes nothing, and the backend relies on what exclusiveness its
 * storage has.
 */
export async function takeOwnership(
  lockName: string,
  options: OwnershipOptions = {},
  ledger?: OwnerLedger,
): Promise<ReleaseLock> {
  const locks = (globalThis as Partial<typeof globalThis>).navigator?.locks
  if (locks === undefined) {
    return ledger === undefined
      ? () => Promise.resolve()
      : await noteOwnership(lockName, options, ledger)
  }
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
  if (!takeOver) return await request(locks, lockName, wait)
  try {
    return await request(locks, lockName, false)
  } catch (error) {
    if (!(error instanceof VfsError) || error.code !== 'EBUSY') throw error
  }
  const channel = new BroadcastChannel(lockName)
  channel.postMessage(REQUEST)
  const asking = setInterval(() => channel.postMessage(REQUEST), ASK_AGAIN_MS)
  try {
    const patience = wait === false ? AbortSignal.timeout(TAKE_OVER_DEADLINE_MS) : wait
    return await request(locks, lockName, patience)
  } catch (error) {
    if (wait !== false || !(error instanceof VfsError) || error.code !== 'ETIMEDOUT') throw error
    throw notHandedOver(lockName, error)
  } finally {
    clearInterval(asking)
    channel.close()
  }
}

function lockOptions(wait: boolean | AbortSignal): LockOptions {
  if (wait === false) return { ifAvailable: true }
  return wait === true ? {} : { signal: wait }
}

async function request(
  locks: LockManager,
  lockName: string,
  wait: boolean | AbortSignal,
): Promise<ReleaseLock> {
  if (typeof wait === 'object' && wait.aborted) {
    throw toVfsError(wait.reason, 'open', { path: lockName })
  }
  const taken = take(locks, lockName, lockOptions(wait))
  // The error that matters is the one that the caller was given.
  const giveBack = (): void => void taken.then((release) => release()).catch(() => {})
  if (wait === true) return await taken
  if (wait !== false) return await unlessAborted(taken, wait, { lockName, giveBack })
  const call = 'navigator.locks.request'
  return await withDeadline(taken, { operation: 'open', call, path: lockName, late: giveBack })
}

/** As `taken`, and at the latest when `signal` aborts, should the browser not answer that. */
async function unlessAborted(
  taken: Promise<ReleaseLock>,
  signal: AbortSignal,
  { lockName, giveBack }: { lockName: string; giveBack: () => void },
): Promise<ReleaseLock> {
  let onAbort!: () => void
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      giveBack()
      reject(toVfsError(signal.reason, 'open', { path: lockName }))
    }
  })
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([taken, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function take(locks: LockManager, lockName: string, options: LockOptions): Promise<ReleaseLock> {
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
          const call = 'giving a lock back'
          await withDeadline(held, { operation: 'close', call, path: lockName })
        })
      })
    })
    held.catch((error: unknown) => reject(toVfsError(error, 'open', { path: lockName })))
  })
}
