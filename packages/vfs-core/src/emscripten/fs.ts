// What the glue uses of Emscripten's JavaScript file system (src/lib/libfs.js; src/library_fs.js before
// 4.0), from 3.1 to 6.0. These objects are internal to Emscripten and typed nowhere, so the shapes
// that the glue relies on are written down here and checked once, when a file system is mounted.

import { VfsError, type Ino } from '../contract/index.ts'

/** A module's `FS` object, as exported by `-sEXPORTED_RUNTIME_METHODS=FS`. */
export type EmscriptenFS = object

/** The second half of an `FS.mount(type, opts, mountpoint)` call: what the glue implements. */
export interface FileSystemType {
  mount(mount: FSMount): FSNode
  syncfs(mount: FSMount, populate: boolean, callback: (error: unknown) => void): void
}

export interface FSMount {
  readonly type: FileSystemType
  readonly mountpoint: string
  readonly root: FSNode
}

/** A name in FS's cache: one per directory entry, so hard links have a node each. */
export interface FSNode {
  /** The key of FS's name cache, and the `d_ino` of getdents; see nodes.ts. */
  id: number
  /** The inode the name leads to. Set by the glue on every node it makes. */
  ino: Ino
  name: string
  mode: number
  parent: FSNode
  mount: FSMount
  node_ops: NodeOps
  stream_ops: StreamOps
  /** The next node of the same bucket in `FS.nameTable`. */
  name_next?: FSNode | undefined
}

export interface FSStream {
  readonly fd: number
  readonly node: FSNode
  readonly flags: number
  readonly position: number
  /** Set by the glue on open, and copied to duplicates by `FS.createStream`. */
  hold?: Hold | undefined
}

/** One `acquire` of an inode, shared by a stream and its duplicates. */
export interface Hold {
  streams: number
}

/** As SYSCALLS.writeStat reads it. */
export interface Stat {
  readonly dev: number
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  readonly atime: Date
  readonly mtime: Date
  readonly ctime: Date
  readonly blksize: number
  readonly blocks: number
}

export type FSTime = number | Date | null | undefined

/** What FS passes to setattr; null is UTIME_OMIT. */
export interface SetattrArguments {
  readonly mode?: number | null | undefined
  readonly size?: number | null | undefined
  readonly atime?: FSTime
  readonly mtime?: FSTime
  readonly ctime?: FSTime
  readonly timestamp?: FSTime
  readonly dontFollow?: boolean | undefined
}

/** As SYSCALLS.writeStatFs reads it. */
export interface StatFs {
  readonly bsize: number
  readonly frsize: number
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
  readonly namelen: number
}

export interface NodeOps {
  getattr(node: FSNode): Stat
  setattr(node: FSNode, changes: SetattrArguments): void
  lookup(parent: FSNode, name: string): FSNode
  mknod(parent: FSNode, name: string, mode: number, dev: number): FSNode
  rename(node: FSNode, newParent: FSNode, newName: string): void
  unlink(parent: FSNode, name: string): void
  rmdir(parent: FSNode, name: string): void
  readdir(node: FSNode): string[]
  symlink(parent: FSNode, name: string, target: string): FSNode
  readlink(node: FSNode): string
  link(parent: FSNode, name: string, oldPath: string, flags: number): void
  statfs(): StatFs
}

/** What every open file and directory answers. */
export interface StreamOps {
  open(stream: FSStream): void
  close(stream: FSStream): void
  dup(stream: FSStream): void
  llseek(stream: FSStream, offset: number, whence: number): number
  fsync(stream: FSStream): number
  getattr(stream: FSStream): Stat
  setattr(stream: FSStream, changes: SetattrArguments): void
  ioctl(stream: FSStream, request: number): number
  poll(stream: FSStream): number
}

export interface FileStreamOps extends StreamOps {
  read(
    stream: FSStream,
    buffer: ArrayBufferView,
    offset: number,
    length: number,
    position: number,
  ): number
  write: FileStreamOps['read']
  allocate(stream: FSStream, offset: number, length: number): void
  mmap(
    stream: FSStream,
    length: number,
    position: number,
    protection: number,
    flags: number,
  ): Mapping
  msync(stream: FSStream, buffer: ArrayBufferView, offset: number, length: number): number
}

export interface Mapping {
  readonly ptr: number
  readonly allocated: boolean
}

export type ErrnoError = Error & { readonly errno: number; cause?: unknown }

/** The part of MEMFS that copies a file into the heap. */
export interface MemoryMapper {
  readonly stream_ops: {
    mmap(
      stream: { readonly node: unknown },
      length: number,
      position: number,
      protection: number,
      flags: number,
    ): Mapping
  }
}

export interface FSInternals {
  readonly ErrnoError: new (errno: number) => ErrnoError
  readonly root: FSNode | null
  readonly streams: readonly (FSStream | null | undefined)[]
  readonly nameTable: readonly (FSNode | undefined)[]
  readonly dupStream?: unknown
  /** How many `FS.syncfs` calls have not called back yet. */
  readonly syncFSRequests: number
  createNode(parent: FSNode | null, name: string, mode: number, rdev: number): FSNode
  hashName(parentId: number, name: string): number
  hashAddNode(node: FSNode): void
  hashRemoveNode(node: FSNode): void
  lookupPath(path: string, options: { follow?: boolean }): { readonly node: FSNode }
  closeStream(fd: number): void
  mkdirTree(path: string): void
  mount(type: FileSystemType, options: object, mountpoint: string): FSNode
}

const REQUIRED = [
  'createNode',
  'hashName',
  'hashAddNode',
  'hashRemoveNode',
  'lookupPath',
  'closeStream',
  'mkdirTree',
  'mount',
] as const

/**
 * The internals of a module's FS. TypeError if it is not an object at all, VfsError (ENOTSUP) if it
 * has no internals to build on or is not set up yet.
 */
export function internalsOf(FS: EmscriptenFS): FSInternals {
  if (typeof FS !== 'object' || FS === null) {
    throw new TypeError(
      "expected the module's FS object; link the module with " +
        '-sFORCE_FILESYSTEM -sEXPORTED_RUNTIME_METHODS=FS and pass Module.FS',
    )
  }
  const candidate = FS as FSInternals
  const missing = REQUIRED.filter((name) => typeof candidate[name] !== 'function')
  if (missing.length > 0) {
    throw new VfsError('ENOTSUP', 'mount', {
      detail:
        `this module's FS has no ${missing.join(', ')}: it was linked with -sWASMFS, which takes no ` +
        'file systems written in JavaScript, or minified with --closure 1; link it without them',
    })
  }
  // Set by FS.staticInit, as is ErrnoError in some releases.
  if (typeof candidate.ErrnoError !== 'function' || candidate.root === null) {
    throw new VfsError('ENOTSUP', 'mount', {
      detail: "the module's FS is not set up yet; mount in a preRun function or later",
    })
  }
  return candidate
}
