// Opens sync access handles. Every place that wants one calls this (`pnpm lint` sees to it), because of two
// habits of browsers:
//
// Chromium drops a pending `createSyncAccessHandle` when its FileSystemFileHandle is garbage collected: the
// promise then never settles (seen in 156: 295 of 400 with a collection each millisecond, none where the
// file handle was kept). An async function does not keep a local that it no longer reads, so the file handle
// is kept here until the call has settled.
//
// The handle of a worker that has just died can linger for a moment, in which its file is busy.

import { toVfsError } from './dom-error.ts'
import { withDeadline } from './deadline.ts'

/** How long a handle of a dead worker may linger, in milliseconds, and how often it is looked at. */
const LINGERING_HANDLE_MS = 3000
const RETRY_MS = 50

/** File handles with a `createSyncAccessHandle` under way. */
const opening = new Set<FileSystemFileHandle>()

/** FileSystemSyncAccessHandle, which TypeScript's library for windows does not know. */
export interface AccessHandle {
  read(into: ArrayBufferLike | ArrayBufferView, options?: { at?: number }): number
  write(from: ArrayBufferLike | ArrayBufferView, options?: { at?: number }): number
  truncate(size: number): void
  getSize(): number
  flush(): void
  close(): void
}

export interface OpenHandleOptions {
  /** For errors. */
  readonly path: string
  /** How long one call may take; default BROWSER_DEADLINE_MS. */
  readonly deadlineMs?: number | undefined
}

/**
 * A sync access handle of `file`; it is the caller's to close. Throws VfsError: EBUSY if somebody else has a
 * handle and keeps it, ENOTSUP where there are none, ETIMEDOUT if the browser does not answer (a handle that
 * comes after that is closed).
 */
export async function openAccessHandle(
  file: FileSystemFileHandle,
  { path, deadlineMs }: OpenHandleOptions,
): Promise<AccessHandle> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await open(file, path, deadlineMs)
    } catch (thrown) {
      const error = toVfsError(thrown, 'open', { path })
      if (error.code !== 'EBUSY' || waitedMs >= LINGERING_HANDLE_MS) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function open(
  file: FileSystemFileHandle,
  path: string,
  deadlineMs: number | undefined,
): Promise<AccessHandle> {
  const handle = file.createSyncAccessHandle()
  opening.add(file)
  const settled = (): void => void opening.delete(file)
  handle.then(settled, settled)
  return await withDeadline(handle, {
    operation: 'open',
    call: 'createSyncAccessHandle',
    path,
    deadlineMs,
    late: (opened) => opened.close(),
  })
}
