// Copies everything that one file system holds into another, through the contract alone, so from any backend to
// any backend. Called by tests that need a database and not its creation.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  S_PERMISSIONS,
  VfsError,
  type Attributes,
  type Ino,
  type Vfs,
} from '../contract/index.ts'

const BUFFER_BYTES = 1 << 20

/**
 * Makes `to` hold what `from` holds: names in their order, contents, holes as zeros, modes, times of access and
 * of modification, symlinks and hard links. It is durable when the promise resolves; a crash before that leaves
 * `to` empty. Nothing may change either of them meanwhile.
 *
 * Throws VfsError: ENOTEMPTY if `to` holds anything, EPERM if a file has several names and `to` has no hard
 * links, and whatever reading `from` and writing `to` throw.
 */
export async function cloneTree(from: Vfs, to: Vfs): Promise<void> {
  if (to.readdir(ROOT_INO).length > 0) {
    throw new VfsError('ENOTEMPTY', 'clone', { path: to.name })
  }
  to.atomicFirstLoad()
  const cloning: Cloning = { from, to, clones: new Map(), buffer: new Uint8Array(BUFFER_BYTES) }
  const root = from.getattr(ROOT_INO)
  cloneEntries(cloning, ROOT_INO, ROOT_INO)
  setAttributes(to, ROOT_INO, root)
  await to.sync()
}

interface Cloning {
  readonly from: Vfs
  readonly to: Vfs
  /** The clones of files that have several names. */
  readonly clones: Map<Ino, Ino>
  readonly buffer: Uint8Array
}

function cloneEntries(cloning: Cloning, source: Ino, clone: Ino): void {
  const { from, to, clones } = cloning
  for (const { name, ino } of from.readdir(source)) {
    const known = clones.get(ino)
    if (known !== undefined) {
      to.link(known, clone, name)
      continue
    }
    // Before it is read, which may move its time of access.
    const attributes = from.getattr(ino)
    const { mode, nlink, size } = attributes
    const permissions = mode & S_PERMISSIONS
    let made: Ino
    if (isDirectory(mode)) {
      made = to.mkdir(clone, name, permissions)
      cloneEntries(cloning, ino, made)
    } else if (isSymlink(mode)) {
      made = to.symlink(clone, name, from.readlink(ino))
    } else {
      made = to.create(clone, name, permissions)
      cloneContent(cloning, ino, made, size)
    }
    if (nlink > 1 && !isDirectory(mode)) clones.set(ino, made)
    setAttributes(to, made, attributes)
  }
}

function cloneContent({ from, to, buffer }: Cloning, source: Ino, clone: Ino, size: number): void {
  for (let at = 0; at < size; at += buffer.length) {
    const length = from.read(source, buffer, at)
    to.write(clone, buffer.subarray(0, length), at)
  }
}

/** After the entries were made and the content was written, which move times. */
function setAttributes(to: Vfs, clone: Ino, { mode, atime, mtime }: Attributes): void {
  to.setattr(clone, { mode: mode & S_PERMISSIONS, atime, mtime })
}
