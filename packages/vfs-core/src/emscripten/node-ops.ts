// node_ops: what FS asks about names and attributes. FS has walked the path, checked types and
// permissions and looked in its name cache before it calls; what it leaves to a file system differs
// between releases and is said at each operation.

import {
  BLOCK_SIZE,
  isDirectory,
  isRegular,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_PERMISSIONS,
  VfsError,
  type AttributeChanges,
  type Ino,
  type Vfs,
} from '../contract/index.ts'
import type { Errors } from './errors.ts'
import type { FSInternals, FSNode, FSTime, NodeOps, SetattrArguments, Stat } from './fs.ts'
import type { StreamOps } from './fs.ts'
import { cachedNode, deviceOf, makeNode } from './nodes.ts'

/** linkat(2): follow `oldPath` if it is a symlink. */
const AT_SYMLINK_FOLLOW = 0x400
/** `st_blocks` counts these, whatever `st_blksize` says. */
const STAT_BLOCK_SIZE = 512

/** The stream_ops of a node, by its type. */
export type StreamOpsOf = (mode: number) => StreamOps

export function makeNodeOps(
  FS: FSInternals,
  vfs: Vfs,
  errors: Errors,
  streamOpsOf: StreamOpsOf,
): NodeOps {
  /** Runs an operation; what it throws reaches FS as an ErrnoError. */
  function guarded<T>(operation: string, run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw errors.translate(error, operation)
    }
  }

  function newNode(parent: FSNode, name: string, ino: Ino, mode: number): FSNode {
    const node = makeNode(FS, parent, name, ino, mode)
    node.stream_ops = streamOpsOf(mode)
    return node
  }

  return {
    getattr: (node) => guarded('getattr', () => statOf(vfs, node)),

    setattr: (node, changes) =>
      guarded('setattr', () => {
        vfs.setattr(node.ino, attributeChanges(changes))
        if (changes.mode != null) {
          node.mode = (node.mode & S_IFMT) | (changes.mode & S_PERMISSIONS)
        }
      }),

    lookup: (parent, name) =>
      guarded('lookup', () => {
        const ino = vfs.find(parent.ino, name)
        if (ino === undefined) throw errors.noEntry
        return newNode(parent, name, ino, vfs.getattr(ino).mode)
      }),

    mknod: (parent, name, mode) =>
      guarded('mknod', () => {
        const permissions = mode & S_PERMISSIONS
        if (isDirectory(mode)) {
          const ino = vfs.mkdir(parent.ino, name, permissions)
          return newNode(parent, name, ino, S_IFDIR | permissions)
        }
        // mknod(2): a type of zero makes a regular file.
        if (isRegular(mode) || (mode & S_IFMT) === 0) {
          const ino = vfs.create(parent.ino, name, permissions)
          return newNode(parent, name, ino, S_IFREG | permissions)
        }
        throw new VfsError('EPERM', 'mknod', {
          path: name,
          detail: `${vfs.backend} holds no devices, pipes or sockets`,
        })
      }),

    rename: (node, newParent, newName) =>
      guarded('rename', () => {
        vfs.rename(node.parent.ino, node.name, newParent.ino, newName)
        // The name that was replaced leaves the cache, or a later unlink would leave a ghost. Releases
        // from 3.1.61 on do it themselves, after this, and find nothing to do.
        const replaced = cachedNode(FS, newParent, newName)
        if (replaced !== undefined) FS.hashRemoveNode(replaced)
        // FS has taken `node` out of the cache and puts it back under its new name and parent. That is
        // right even if both names led to one inode and rename(2) did nothing: the new name leads to
        // `node.ino`, and the old one is looked up afresh.
        node.name = newName
        node.parent = newParent
      }),

    unlink: (parent, name) => guarded('unlink', () => vfs.unlink(parent.ino, name)),

    rmdir: (parent, name) => guarded('rmdir', () => vfs.rmdir(parent.ino, name)),

    readdir: (node) =>
      guarded('readdir', () => {
        const names = ['.', '..']
        for (const entry of vfs.readdir(node.ino)) names.push(entry.name)
        return names
      }),

    symlink: (parent, name, target) =>
      guarded('symlink', () => {
        const ino = vfs.symlink(parent.ino, name, target)
        return newNode(parent, name, ino, S_IFLNK | 0o777)
      }),

    readlink: (node) => guarded('readlink', () => vfs.readlink(node.ino)),

    // FS has walked to the new name only.
    link: (parent, name, oldPath, flags) =>
      guarded('link', () => {
        const { node } = FS.lookupPath(oldPath, { follow: (flags & AT_SYMLINK_FOLLOW) !== 0 })
        if (node.mount !== parent.mount) throw new VfsError('EXDEV', 'link', { path: oldPath })
        vfs.link(node.ino, parent.ino, name)
      }),

    // Called without a node: one table serves one Vfs.
    statfs: () =>
      guarded('statfs', () => {
        const { blockSize, blocks, blocksFree, files, nameMax } = vfs.statfs()
        return {
          bsize: blockSize,
          frsize: blockSize,
          blocks,
          bfree: blocksFree,
          bavail: blocksFree,
          files,
          // Inodes take no space of their own: as many more as there are free blocks.
          ffree: blocksFree,
          namelen: nameMax,
        }
      }),
  }
}

export function statOf(vfs: Vfs, node: FSNode): Stat {
  const attributes = vfs.getattr(node.ino)
  // Another hard link may have changed it.
  node.mode = attributes.mode
  return {
    dev: deviceOf(node),
    ino: node.id,
    mode: attributes.mode,
    nlink: attributes.nlink,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: attributes.size,
    atime: new Date(attributes.atime),
    mtime: new Date(attributes.mtime),
    ctime: new Date(attributes.ctime),
    blksize: BLOCK_SIZE,
    blocks: Math.ceil(attributes.size / BLOCK_SIZE) * (BLOCK_SIZE / STAT_BLOCK_SIZE),
  }
}

/**
 * `timestamp` is how releases before 3.1.74 pass everything about time: with `mode` or `size` it is
 * only the moment of the call; alone it is utime(2)'s newer time. Alone and beside `dontFollow`, in
 * later releases, it comes from chown, which changes nothing but the ctime where nobody owns a file.
 */
function attributeChanges(changes: SetattrArguments): AttributeChanges {
  const { mode, size, atime, mtime, ctime, timestamp } = changes
  const wanted: AttributeChanges = {}
  if (mode != null) wanted.mode = mode & S_PERMISSIONS
  if (size != null) wanted.size = size
  if (atime != null) wanted.atime = milliseconds(atime)
  if (mtime != null) wanted.mtime = milliseconds(mtime)
  if (ctime != null) wanted.ctime = milliseconds(ctime)
  const alone = mode == null && size == null && atime == null && mtime == null
  if (timestamp != null && alone && !('dontFollow' in changes)) {
    wanted.atime = wanted.mtime = milliseconds(timestamp)
  }
  return wanted
}

function milliseconds(time: NonNullable<FSTime>): number {
  return Number(time)
}
