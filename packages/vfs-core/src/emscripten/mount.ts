// Mounting: the file system type object that FS.mount takes, and the one call that most programs need.

import {
  ERRNO,
  isDirectory,
  ROOT_INO,
  VfsError,
  type ErrnoCode,
  type Vfs,
} from '../contract/index.ts'
import { Errors, isVfsError, type ErrorObserver } from './errors.ts'
import { internalsOf, type EmscriptenFS, type FileSystemType } from './fs.ts'
import { makeSyncfs } from './syncfs.ts'
import { makeNodeOps, type StreamOpsOf } from './node-ops.ts'
import { makeRoot } from './nodes.ts'
import { makeStreamOps, type StreamOpsTables } from './stream-ops.ts'

export interface MountOptions {
  /**
   * Told of every failure that the program gets as an errno, except names that were looked up and are
   * not there. Compiled code keeps only the number; this is where the message and the cause are.
   */
  readonly onError?: ErrorObserver | undefined
}

/**
 * Mounts `vfs` at `mountpoint`, an absolute path, which is made if it is missing. From then on change
 * the tree through the module only: FS caches names. `FS.unmount(mountpoint)` undoes it; closing the
 * Vfs stays with whoever opened it.
 *
 * Call it in a `preRun` function or later. TypeError for arguments of the wrong kind; VfsError: ENOTSUP
 * if the module's FS cannot take it (WasmFS, closure), EBUSY if something is mounted there, ENOTDIR if
 * it is not a directory, ESTALE if `vfs` is closed.
 */
export function mount(
  FS: EmscriptenFS,
  vfs: Vfs,
  mountpoint: string,
  options: MountOptions = {},
): void {
  if (typeof mountpoint !== 'string' || !mountpoint.startsWith('/')) {
    throw new TypeError(`mountpoint must be an absolute path, not ${String(mountpoint)}`)
  }
  const internals = internalsOf(FS)
  vfs.getattr(ROOT_INO)
  try {
    internals.mkdirTree(mountpoint)
    // Some builds (php-wasm) let FS.mount put a file system over a file.
    if (!isDirectory(internals.lookupPath(mountpoint, {}).node.mode)) {
      throw new VfsError('ENOTDIR', 'mount', { path: mountpoint })
    }
    internals.mount(createFileSystemType(FS, vfs, options), {}, mountpoint)
  } catch (error) {
    throw mountFailure(error, mountpoint)
  }
}

/** The type for `FS.mount(type, {}, mountpoint)`; the options object is needed (FS reads it). */
export function createFileSystemType(
  FS: EmscriptenFS,
  vfs: Vfs,
  options: MountOptions = {},
): FileSystemType {
  const internals = internalsOf(FS)
  const errors = new Errors(internals, options.onError)
  const streamOpsOf: StreamOpsOf = (mode) => (isDirectory(mode) ? tables.directory : tables.file)
  const nodeOps = makeNodeOps(internals, vfs, errors, streamOpsOf)
  const tables: StreamOpsTables = makeStreamOps(internals, vfs, errors, nodeOps.setattr)

  return {
    mount() {
      try {
        const root = makeRoot(internals, vfs.getattr(ROOT_INO).mode)
        root.node_ops = nodeOps
        root.stream_ops = tables.directory
        return root
      } catch (error) {
        throw errors.translate(error, 'mount')
      }
    },

    syncfs: makeSyncfs(internals, vfs, errors),
  }
}

/** FS's own refusals carry a number only. */
function mountFailure(error: unknown, path: string): VfsError {
  if (isVfsError(error)) return error
  const cause = (error as { cause?: unknown } | null)?.cause
  if (isVfsError(cause)) return cause
  const errno = (error as { errno?: unknown } | null)?.errno
  const code = (Object.keys(ERRNO) as ErrnoCode[]).find((name) => ERRNO[name] === errno) ?? 'EIO'
  return new VfsError(code, 'mount', { path, cause: error })
}
