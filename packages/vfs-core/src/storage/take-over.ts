// What a second opener of a store may do: give up, wait, or ask the owner for it, over a BroadcastChannel
// of the lock's name. Used by both ways of owning a store, ownership.ts and noted-owner.ts.

import { VfsError } from '../contract/index.ts'

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

export const TAKE_OVER_DEADLINE_MS = 10_000
/** An owner that is still opening does not listen yet, so it is asked again. */
export const ASK_AGAIN_MS = 250
export const REQUEST = 'take-over'

/** Listens for others who want the store, until it is released. */
export function releaseOnRequest(
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

/**
 * In Chromium 156, `close()` of an access handle blocks its worker for good after the site's data has been
 * cleared, also without any library, and the lock stays held.
 */
const STUCK =
  'if the data of this site was cleared while the store was open, its owner may be stuck in close() for ' +
  'good: reload or close that page'

export function busy(lockName: string): VfsError {
  return new VfsError('EBUSY', 'open', {
    path: lockName,
    detail:
      'another tab or worker has this store open; close it there, open with { wait: true } to wait ' +
      `for it, or with { takeOver: true } to ask for it; ${STUCK}`,
  })
}

export function notHandedOver(lockName: string, cause?: unknown): VfsError {
  return new VfsError('EBUSY', 'open', {
    path: lockName,
    detail: `its owner did not hand it over within ${TAKE_OVER_DEADLINE_MS} ms; ${STUCK}`,
    cause,
  })
}
