// How a VfsError crosses from the I/O worker to the client: its number as such, its words as text. Used
// by both sides; errors are rare, so the text is JSON.

import { describeErrno, ERRNO, VfsError, type ErrnoCode } from '@wasm-vfs/core/backend'

export interface EncodedError {
  readonly errno: number
  readonly text: string
}

const CODES: ReadonlyMap<number, ErrnoCode> = new Map(
  (Object.entries(ERRNO) as [ErrnoCode, number][]).map(([code, errno]) => [errno, code]),
)

interface Words {
  readonly operation: string
  readonly path?: string | undefined
  readonly detail?: string | undefined
}

/** What is not a VfsError is a fault of the worker itself: EIO. */
export function encodeError(thrown: unknown, operation: string): EncodedError {
  const words: Words =
    thrown instanceof VfsError
      ? { operation: thrown.operation, path: thrown.path, detail: detailOf(thrown) }
      : { operation, detail: `the I/O worker threw ${String(thrown)}` }
  const errno = thrown instanceof VfsError ? thrown.errno : ERRNO.EIO
  return { errno, text: JSON.stringify(words) }
}

export function decodeError({ errno, text }: EncodedError): VfsError {
  const { operation, path, detail } = JSON.parse(text) as Words
  return new VfsError(CODES.get(errno) ?? 'EIO', operation, { path, detail })
}

/** What the message says beyond what the constructor put before it, and what the cause adds. */
function detailOf(error: VfsError): string | undefined {
  const about = error.path === undefined ? '' : ` '${error.path}'`
  const prefix = `${error.code}: ${describeErrno(error.code)}, ${error.operation}${about}`
  const said = error.message.slice(prefix.length).replace(/^: /, '')
  const cause = error.cause instanceof Error ? error.cause.message : ''
  const more = cause === '' || said.includes(cause) ? '' : ` (${cause})`
  return `${said}${more}`.trim() || undefined
}
