// How the page learns that a worker it terminated is really gone: each such worker holds a Web Lock
// for as long as it lives. Chromium lets a terminated worker run on for up to two seconds, with its
// locks and access handles, if it never comes back to its event loop.

const GONE_DEADLINE_MS = 30_000
/** What the browser releases beside the lock may come a moment later. */
const SETTLE_MS = 300

/** In the worker, before it can be terminated. */
export async function holdWhileAlive(store: string): Promise<void> {
  await new Promise<void>((granted, failed) => {
    const held = (): Promise<never> => {
      granted()
      return new Promise(() => {})
    }
    navigator.locks.request(lockName(store), held).catch(failed)
  })
}

/** In the page, after it has terminated the worker. Rejects if the worker does not go away. */
export async function untilGone(store: string): Promise<void> {
  const signal = AbortSignal.timeout(GONE_DEADLINE_MS)
  await navigator.locks.request(lockName(store), { signal }, () => {})
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}

export const GONE_STEP = { name: 'wait for the end of the worker', deadlineMs: GONE_DEADLINE_MS }

function lockName(store: string): string {
  return `alive:${store}`
}
