// Errors on their way to the program. FS expects an ErrnoError of its own module and lets everything
// else fly through compiled code, which cannot unwind; in some places it reads `errno` off whatever it
// caught and takes `undefined` for success. So everything thrown below becomes an ErrnoError here.

import { ERRNO, VfsError } from '../contract/index.ts'
import type { ErrnoError, FSInternals } from './fs.ts'

export type ErrorObserver = (error: VfsError) => void

export class Errors {
  readonly #FS: FSInternals
  readonly #observer: ErrorObserver | undefined
  /**
   * For a lookup that finds nothing. FS asks for every name it is about to create, so this is the normal
   * case, not a failure: one instance serves all, as in MEMFS.
   */
  readonly noEntry: ErrnoError

  constructor(FS: FSInternals, observer: ErrorObserver | undefined) {
    this.#FS = FS
    this.#observer = observer
    this.noEntry = new FS.ErrnoError(ERRNO.ENOENT)
    this.noEntry.stack = 'ErrnoError: ENOENT'
  }

  /** The value to throw in place of `error`. The original is its `cause`. */
  translate(error: unknown, operation: string): ErrnoError {
    if (error instanceof this.#FS.ErrnoError) return error
    const failure = isVfsError(error)
      ? error
      : new VfsError('EIO', operation, { detail: `unexpected ${describe(error)}`, cause: error })
    const translated = new this.#FS.ErrnoError(failure.errno)
    translated.cause = failure
    this.#observe(failure)
    return translated
  }

  #observe(failure: VfsError): void {
    if (this.#observer === undefined) return
    try {
      this.#observer(failure)
    } catch (error) {
      // The program is waiting for an errno; the observer's own fault goes to the global handler.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** By shape: a program may hold two copies of this package, each with a class of its own. */
export function isVfsError(error: unknown): error is VfsError {
  return error instanceof Error && error.name === 'VfsError' && 'errno' in error
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
