// Walking a path over the contract: what a kernel's namei does. For tools and tests that think in
// paths; programs under Emscripten bring a walk of their own.

import { VfsError } from './error.ts'
import { PATH_MAX, SYMLOOP_MAX } from './limits.ts'
import { isSymlink } from './mode.ts'
import { ROOT_INO, type Ino, type Vfs } from './vfs.ts'

export interface WalkOptions {
  /** Follow a symlink in the last component; default true. */
  readonly follow?: boolean
}

export interface ParentWalk {
  readonly parent: Ino
  /** The last component; `.` for the root itself. */
  readonly name: string
}

const utf8 = new TextEncoder()

/**
 * The inode a path leads to, from the root (relative paths too: there is no current directory).
 * ENOENT, ENOTDIR, ELOOP after SYMLOOP_MAX symlinks, ENAMETOOLONG above PATH_MAX bytes.
 */
export function walk(vfs: Vfs, path: string, options: WalkOptions = {}): Ino {
  const { parent, name } = descend(vfs, path, options.follow ?? true)
  return lookupAt(vfs, parent, name, path)
}

/** The directory that holds, or would hold, the last component of a path. Errors as `walk`. */
export function walkToParent(vfs: Vfs, path: string): ParentWalk {
  return descend(vfs, path, false)
}

function lookupAt(vfs: Vfs, parent: Ino, name: string, path: string): Ino {
  const ino = findAt(vfs, parent, name, path)
  if (ino === undefined) throw new VfsError('ENOENT', 'walk', { path })
  return ino
}

function findAt(vfs: Vfs, parent: Ino, name: string, path: string): Ino | undefined {
  try {
    return vfs.find(parent, name)
  } catch (error) {
    if (!(error instanceof VfsError)) throw error
    throw new VfsError(error.code, 'walk', { path, cause: error })
  }
}

function descend(vfs: Vfs, path: string, followLast: boolean): ParentWalk {
  checkLength(path)
  if (path === '') throw new VfsError('ENOENT', 'walk', { path })
  let at: Ino = ROOT_INO
  let linksLeft = SYMLOOP_MAX
  let pending = components(path)
  for (;;) {
    const name = pending.shift() ?? '.'
    if (pending.length === 0 && !followLast) return { parent: at, name }
    const isLast = pending.length === 0
    let ino: Ino
    if (isLast) {
      // The last component may be missing: whoever asked for the parent wants to make it.
      const found = findAt(vfs, at, name, path)
      if (found === undefined || !isSymlink(vfs.getattr(found).mode)) return { parent: at, name }
      ino = found
    } else {
      ino = lookupAt(vfs, at, name, path)
    }
    if (!isSymlink(vfs.getattr(ino).mode)) {
      at = ino
      continue
    }
    if (linksLeft-- === 0) throw new VfsError('ELOOP', 'walk', { path })
    const target = vfs.readlink(ino)
    checkLength(target)
    if (target.startsWith('/')) at = ROOT_INO
    pending = [...components(target), ...pending]
  }
}

/** A trailing slash asks for a directory, which `.` as the last component checks. */
function components(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  if (path.endsWith('/') && parts.length > 0) parts.push('.')
  return parts
}

function checkLength(path: string): void {
  if (path.length * 3 > PATH_MAX && utf8.encode(path).length > PATH_MAX) {
    throw new VfsError('ENAMETOOLONG', 'walk', { path: `${path.slice(0, 64)}…` })
  }
}
