// stream_ops: what FS asks about open files and directories. read and write are the hot path: they make
// one view of the caller's buffer and one call. A view of the heap never outlives the call, because
// the heap's buffer is replaced when memory grows.

import {
  ERRNO,
  isDirectory,
  isRegular,
  VfsError,
  type FsyncOptions,
  type Vfs,
} from '../contract/index.ts'
import { isVfsError, type Errors } from './errors.ts'
import type {
  FileStreamOps,
  FSInternals,
  FSStream,
  Hold,
  NodeOps,
  SetattrArguments,
  StreamOps,
} from './fs.ts'
import { mapCopy } from './mmap.ts'
import { statOf } from './node-ops.ts'

// <fcntl.h> and <unistd.h> as in Emscripten's musl.
const O_DSYNC = 0o10000
const O_SYNC = 0o4010000
const SEEK_CUR = 1
const SEEK_END = 2
// <poll.h>: POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, which poll(2) always says of a regular file.
const ALWAYS_READY = 0x001 | 0x004 | 0x040 | 0x100
/** <sys/ioctl.h>: sets or clears O_NONBLOCK, which changes nothing for a file. */
const FIONBIO = 0x5421

const DATA_ONLY: FsyncOptions = { dataOnly: true }

export interface StreamOpsTables {
  readonly directory: StreamOps
  readonly file: FileStreamOps
}

export function makeStreamOps(
  FS: FSInternals,
  vfs: Vfs,
  errors: Errors,
  setattr: NodeOps['setattr'],
): StreamOpsTables {
  const directory: StreamOps = {
    open(stream) {
      try {
        vfs.acquire(stream.node.ino)
      } catch (error) {
        // FS has already given the stream a descriptor and would leave it open.
        FS.closeStream(stream.fd)
        throw errors.translate(error, 'open')
      }
      stream.hold = { streams: 1 }
    },

    dup(stream) {
      if (stream.hold !== undefined) stream.hold.streams++
    },

    close(stream) {
      const { hold } = stream
      if (hold === undefined || !isLast(FS, stream, hold)) return
      stream.hold = undefined
      try {
        vfs.release(stream.node.ino)
      } catch (error) {
        // A file system that was closed first holds nothing any more.
        if (isVfsError(error) && error.errno === ERRNO.ESTALE) return
        throw errors.translate(error, 'close')
      }
    },

    llseek(stream, offset, whence) {
      try {
        return seek(vfs, stream, offset, whence)
      } catch (error) {
        throw errors.translate(error, 'llseek')
      }
    },

    fsync(stream) {
      try {
        vfs.fsync(stream.node.ino)
        return 0
      } catch (error) {
        throw errors.translate(error, 'fsync')
      }
    },

    getattr(stream) {
      try {
        return statOf(vfs, stream.node)
      } catch (error) {
        throw errors.translate(error, 'getattr')
      }
    },

    setattr: (stream: FSStream, changes: SetattrArguments) => setattr(stream.node, changes),

    ioctl(_stream, request) {
      if (request === FIONBIO) return 0
      throw new FS.ErrnoError(ERRNO.ENOTTY)
    },

    poll: () => ALWAYS_READY,
  }

  const file: FileStreamOps = {
    ...directory,

    read(stream, buffer, offset, length, position) {
      try {
        return vfs.read(stream.node.ino, bytesOf('read', buffer, offset, length), position)
      } catch (error) {
        throw errors.translate(error, 'read')
      }
    },

    write(stream, buffer, offset, length, position) {
      const { ino } = stream.node
      try {
        const written = vfs.write(ino, bytesOf('write', buffer, offset, length), position)
        const { flags } = stream
        if ((flags & O_DSYNC) !== 0) {
          vfs.fsync(ino, (flags & O_SYNC) === O_SYNC ? undefined : DATA_ONLY)
        }
        return written
      } catch (error) {
        throw errors.translate(error, 'write')
      }
    },

    // Up to 4.0.4; later releases ask for the size and call setattr.
    allocate(stream, offset, length) {
      const { ino } = stream.node
      try {
        const end = offset + length
        if (end > vfs.getattr(ino).size) vfs.truncate(ino, end)
      } catch (error) {
        throw errors.translate(error, 'allocate')
      }
    },

    mmap(stream, length, position, protection, flags) {
      const { node } = stream
      try {
        if (!isRegular(node.mode)) throw new VfsError('ENODEV', 'mmap', { path: node.name })
        // What lies beyond the end of the file reads as zeros.
        const bytes = new Uint8Array(length)
        vfs.read(node.ino, bytes, position)
        return mapCopy(FS, bytes, protection, flags)
      } catch (error) {
        throw errors.translate(error, 'mmap')
      }
    },

    // Writes a shared mapping back; from munmap too, which cannot be told from msync(MS_SYNC), so both
    // are durable. As in a kernel, a mapping never makes the file longer.
    msync(stream, buffer, offset, length) {
      const { ino } = stream.node
      try {
        const inside = Math.min(length, vfs.getattr(ino).size - offset)
        if (inside > 0) {
          vfs.write(ino, bytesOf('msync', buffer, 0, inside), offset)
          vfs.fsync(ino, DATA_ONLY)
        }
        return 0
      } catch (error) {
        throw errors.translate(error, 'msync')
      }
    },
  }

  return { directory, file }
}

/** Whether no duplicate of a stream that is being closed remains. */
function isLast(FS: FSInternals, stream: FSStream, hold: Hold): boolean {
  if (FS.dupStream !== undefined) return --hold.streams === 0
  // Before 3.1.55 nobody says that a stream was duplicated.
  for (const other of FS.streams) {
    if (other && other !== stream && other.hold === hold) return false
  }
  return true
}

/** The bytes of a heap (Int8Array, Uint8Array, shared or not) or of a caller's own array. */
function bytesOf(
  operation: string,
  buffer: ArrayBufferView,
  offset: number,
  length: number,
): Uint8Array {
  if (!ArrayBuffer.isView(buffer) || !(offset >= 0 && offset + length <= buffer.byteLength)) {
    throw new VfsError('EFAULT', operation, {
      detail: `${length} bytes at ${offset} are not inside the buffer`,
    })
  }
  return new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)
}

function seek(vfs: Vfs, stream: FSStream, offset: number, whence: number): number {
  const { node } = stream
  let position = offset
  if (whence === SEEK_CUR) position += stream.position
  // A directory's positions are getdents' own; they have no end to count from.
  else if (whence === SEEK_END && !isDirectory(node.mode)) position += vfs.getattr(node.ino).size
  if (position >= 0 && Number.isSafeInteger(position)) return position
  throw new VfsError(position > 0 ? 'EOVERFLOW' : 'EINVAL', 'llseek', {
    path: node.name,
    detail: `${position} is not an offset`,
  })
}
