// Waiting for IndexedDB, with a deadline: its requests can go unanswered for ever (a connection that
// another tab blocks, a storage process that died). Our own thirty lines and not a library of promises,
// because each wait needs this deadline and the error that the transaction ended with.

import { VfsError } from '@wasm-vfs/core/backend'

export interface Wait<T> {
  done(value: T): void
  failed(error: unknown): void
  /** Something happened, so the deadline starts anew. */
  progress(): void
}

export interface WaitOptions {
  /** The operation that fails, as in VfsError. */
  readonly operation: string
  /** The call that is waited for, as the browser names it, and the store that it is about. */
  readonly call: string
  readonly path?: string
  readonly deadlineMs: number
  /** Runs after the deadline has passed; an error that it returns is thrown instead of ETIMEDOUT. */
  readonly onTimeout?: () => VfsError | undefined
}

// A page that is suspended (a phone's other app, the back/forward cache) gets no ticks, so only time in
// which an answer could have come is counted.
const TICKS = 12

/** What `start` brings about; rejects with ETIMEDOUT after `deadlineMs` without progress. */
export function waitFor<T>(options: WaitOptions, start: (wait: Wait<T>) => void): Promise<T> {
  const { operation, path, deadlineMs, onTimeout } = options
  return new Promise<T>((resolve, reject) => {
    let ticks = 0
    const timer = setInterval(() => {
      if (++ticks < TICKS) return
      clearInterval(timer)
      const detail = unanswered(options)
      reject(onTimeout?.() ?? new VfsError('ETIMEDOUT', operation, { path, detail }))
    }, deadlineMs / TICKS)
    const wait: Wait<T> = {
      done(value) {
        clearInterval(timer)
        resolve(value)
      },
      failed(error) {
        clearInterval(timer)
        reject(error)
      },
      progress() {
        ticks = 0
      },
    }
    try {
      start(wait)
    } catch (error) {
      wait.failed(error)
    }
  })
}

/** Which call, and for how long. */
export function unanswered({ call, deadlineMs }: Pick<WaitOptions, 'call' | 'deadlineMs'>): string {
  return `${call} was not answered by the browser within ${deadlineMs} ms`
}

/** The result of a request of a transaction; the transaction has the deadline. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
