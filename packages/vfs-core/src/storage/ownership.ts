// One owner per store: a Web Lock held from open to close. The browser gives the lock back when its
// holder's tab or worker dies, however it dies, so there is no stale lock to break.

import { VfsError } from '../contract/index.ts'
import { toVfsError } from './dom-error.ts'

export interface OwnershipOptions {
  /**
   * What to do when another tab or worker has the store open. Absent: throw EBUSY at once. `true`: wait
   * until it is free. A signal: wait until it is free or the signal aborts (ECANCELED).
   */
  readonly wait?: boolean | AbortSignal | undefined
}

/** Gives the lock back; resolves when others can have it. Calling it again does nothing more. */
export type ReleaseLock = () => Promise<void>

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
  const { wait = false } = options
  const request: LockOptions =
    wait === false ? { ifAvailable: true } : wait === true ? {} : { signal: wait }
  return new Promise<ReleaseLock>((resolve, reject) => {
    const held = locks.request(lockName, request, (lock) => {
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

function busy(lockName: string): VfsError {
  return new VfsError('EBUSY', 'open', {
    path: lockName,
    detail:
      'another tab or worker has this store open; close it there, or open with { wait: true } to wait for it',
  })
}
