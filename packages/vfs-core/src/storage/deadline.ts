// No wait for a browser is endless: a promise of OPFS, of a lock or of a database can fail to settle, and
// then the error says which call, for which file, and for how long it was waited. Used by every backend.

import { VfsError } from '../contract/index.ts'

/** Default of `deadlineMs`, in milliseconds: far beyond what any healthy browser takes on a slow machine. */
export const BROWSER_DEADLINE_MS = 30_000

export interface DeadlineOptions<Value> {
  /** The operation that fails, as in VfsError. */
  readonly operation: string
  /** The call that is waited for, as the browser names it: `createSyncAccessHandle`. */
  readonly call: string
  /** The file, lock or database that it is about. */
  readonly path?: string | undefined
  readonly deadlineMs?: number | undefined
  /** Is given what arrives after the deadline: a handle, a lock or a connection must be closed. */
  readonly late?: ((value: Value) => void) | undefined
}

/** As the promise, but after the deadline it rejects with VfsError ETIMEDOUT. */
export async function withDeadline<Value>(
  promise: Promise<Value>,
  options: DeadlineOptions<Value>,
): Promise<Value> {
  const { operation, call, path, deadlineMs = BROWSER_DEADLINE_MS, late } = options
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      if (late !== undefined) promise.then(late, () => {})
      const detail = `${call} was not answered by the browser within ${deadlineMs} ms`
      reject(new VfsError('ETIMEDOUT', operation, { path, detail }))
    }, deadlineMs)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
