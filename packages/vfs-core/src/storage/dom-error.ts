// What a browser's storage throws, in POSIX terms. Backends wrap every call to OPFS, IndexedDB or
// Web Locks with this, so that nothing but a VfsError leaves them.

import { VfsError, type ErrnoCode } from '../contract/index.ts'

// Names of DOMException (WebIDL, File System and Storage specifications) and what they mean to a
// program. A name not listed is EIO: storage failed in a way that the program cannot mend.
const CODES: Readonly<Record<string, ErrnoCode>> = {
  QuotaExceededError: 'ENOSPC',
  NoModificationAllowedError: 'EBUSY',
  NotFoundError: 'ENOENT',
  TypeMismatchError: 'EEXIST',
  InvalidModificationError: 'ENOTEMPTY',
  SecurityError: 'EACCES',
  NotAllowedError: 'EACCES',
  NotSupportedError: 'ENOTSUP',
  AbortError: 'ECANCELED',
  TimeoutError: 'ETIMEDOUT',
  VersionError: 'EBUSY',
}

export interface StorageErrorContext {
  readonly path?: string | undefined
  readonly detail?: string | undefined
}

/** A VfsError for whatever was thrown; a VfsError passes unchanged. */
export function toVfsError(
  thrown: unknown,
  operation: string,
  context: StorageErrorContext = {},
): VfsError {
  if (thrown instanceof VfsError) return thrown
  const name = errorName(thrown)
  const code = (name === undefined ? undefined : CODES[name]) ?? 'EIO'
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  const detail = context.detail === undefined ? said : `${context.detail} (${said})`
  return new VfsError(code, operation, { path: context.path, detail, cause: thrown })
}

function errorName(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown
    ? String(thrown.name)
    : undefined
}
