// The one error class of the project. Whatever a backend meets (a DOMException, a dead worker, a
// damaged log) leaves it as a VfsError; the glue turns it into the program's errno.

import { describeErrno, ERRNO, type ErrnoCode } from './errno.ts'

export interface VfsErrorDetails {
  /** The path or name the operation was about, where there is one. */
  path?: string | undefined
  /** What happened and what to do about it, in one sentence; appended to the errno's own words. */
  detail?: string | undefined
  /** The thrown value this error was made from. */
  cause?: unknown
}

/**
 * A failed file system operation.
 *
 * `code` and `errno` say what failed in POSIX terms (numbers as in {@link ERRNO}), `operation` names
 * the contract's operation or the backend's step, `path` what it was about, `cause` the original
 * exception.
 */
export class VfsError extends Error {
  override readonly name: 'VfsError' = 'VfsError'
  readonly code: ErrnoCode
  readonly errno: number
  readonly operation: string
  readonly path: string | undefined

  constructor(code: ErrnoCode, operation: string, details: VfsErrorDetails = {}) {
    const { path, detail, cause } = details
    const about = path === undefined ? '' : ` '${path}'`
    const more = detail === undefined ? '' : `: ${detail}`
    super(
      `${code}: ${describeErrno(code)}, ${operation}${about}${more}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = code
    this.errno = ERRNO[code]
    this.operation = operation
    this.path = path
  }
}
