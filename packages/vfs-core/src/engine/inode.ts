// An inode in memory, and how a tree of them is rebuilt from facts. The engine works on these objects;
// a persistent backend feeds its replayed facts to a TreeBuilder at open.

import { isDirectory, isSymlink, ROOT_INO, S_IFDIR, VfsError, type Ino } from '../contract/index.ts'
import type { Fact, InodeFact } from './ports.ts'

/** What of an inode is not yet in a committed batch; a higher value includes the lower ones. */
export const CLEAN = 0
/** The access time: rides along with other facts, never causes a commit. */
export const ATIME_DIRTY = 1
/** Times moved by a write: committed by `sync()`, not by `fsync()`. */
export const TIMES_DIRTY = 2
/** Size, mode or explicitly set times. */
export const DIRTY = 3

export interface Inode {
  readonly ino: Ino
  mode: number
  /** Bytes of a regular file or of a symlink's target; unused for a directory. */
  size: number
  nlink: number
  atime: number
  mtime: number
  ctime: number
  /** `acquire`s not yet released. */
  references: number
  /** One of CLEAN … DIRTY. */
  dirty: number
  /** No committed batch knows this inode. */
  fresh: boolean
  /** Of a symlink. */
  readonly target: string | undefined
  /** Of a directory: its entries in the order they were made. */
  readonly entries: Map<string, Inode> | undefined
  /** Of a directory: where its one name is; the root is its own parent. */
  parent: Inode | undefined
  name: string
}

export function makeInode(ino: Ino, mode: number, now: number, target?: string): Inode {
  const directory = isDirectory(mode)
  return {
    ino,
    mode,
    size: 0,
    nlink: directory ? 2 : 0,
    atime: now,
    mtime: now,
    ctime: now,
    references: 0,
    dirty: CLEAN,
    fresh: true,
    target,
    entries: directory ? new Map() : undefined,
    parent: undefined,
    name: '',
  }
}

export function inodeFact(inode: Inode): InodeFact {
  return {
    type: 'inode',
    ino: inode.ino,
    mode: inode.mode,
    size: isDirectory(inode.mode) || isSymlink(inode.mode) ? 0 : inode.size,
    atime: inode.atime,
    mtime: inode.mtime,
    ctime: inode.ctime,
    target: inode.target,
  }
}

/** A tree as the engine takes it over. */
export interface Tree {
  readonly inodes: Map<Ino, Inode>
  readonly nextIno: Ino
  /** Inodes without a name: files that were unlinked while open when the last owner died. */
  readonly orphans: readonly Inode[]
}

/** The tree of a new store: a root directory and nothing else, not yet committed. */
export function emptyTree(now: number = Date.now()): Tree {
  const root = makeInode(ROOT_INO, S_IFDIR | 0o755, now)
  root.parent = root
  return { inodes: new Map([[ROOT_INO, root]]), nextIno: ROOT_INO + 1, orphans: [] }
}

const utf8 = new TextEncoder()

/** Replays facts, the last writer winning, and derives what facts do not say: links and parents. */
export class TreeBuilder {
  readonly #inodes = new Map<Ino, InodeFact>()
  readonly #entries = new Map<Ino, Map<string, Ino>>()
  #nextIno: Ino = ROOT_INO + 1

  apply(fact: Fact): void {
    switch (fact.type) {
      case 'inode':
        this.#inodes.set(fact.ino, fact)
        break
      case 'drop':
        this.#inodes.delete(fact.ino)
        this.#entries.delete(fact.ino)
        break
      case 'entry': {
        let names = this.#entries.get(fact.parent)
        if (names === undefined) this.#entries.set(fact.parent, (names = new Map()))
        // A renamed entry moves to the end, as it does in the engine's own map.
        names.delete(fact.name)
        names.set(fact.name, fact.ino)
        break
      }
      case 'remove':
        this.#entries.get(fact.parent)?.delete(fact.name)
        break
      case 'next':
        this.#nextIno = Math.max(this.#nextIno, fact.ino)
        break
    }
  }

  /**
   * The tree. Throws EIO, naming what is wrong, if the facts contradict each other: an entry that leads
   * nowhere, a directory with two names or outside the tree.
   */
  build(): Tree {
    if (this.#inodes.size === 0) throw damaged('it has no root directory')
    const inodes = new Map<Ino, Inode>()
    let nextIno = this.#nextIno
    for (const fact of this.#inodes.values()) {
      inodes.set(fact.ino, inodeFromFact(fact))
      nextIno = Math.max(nextIno, fact.ino + 1)
    }
    const root = inodes.get(ROOT_INO)
    if (root?.entries === undefined) throw damaged('its root is not a directory')
    root.parent = root
    for (const [parentIno, names] of this.#entries) {
      if (names.size > 0) link(inodes, parentIno, names)
    }
    checkReachable(inodes, root)
    const orphans = [...inodes.values()].filter((inode) => isOrphan(inode))
    return { inodes, nextIno, orphans }
  }
}

function inodeFromFact(fact: InodeFact): Inode {
  const inode = makeInode(fact.ino, fact.mode, 0, fact.target)
  inode.size = fact.target === undefined ? fact.size : utf8.encode(fact.target).length
  inode.atime = fact.atime
  inode.mtime = fact.mtime
  inode.ctime = fact.ctime
  inode.fresh = false
  return inode
}

function isOrphan(inode: Inode): boolean {
  if (inode.entries === undefined) return inode.nlink === 0
  return inode.parent === undefined
}

function link(inodes: Map<Ino, Inode>, parentIno: Ino, names: Map<string, Ino>): void {
  const parent = inodes.get(parentIno)
  if (parent?.entries === undefined)
    throw damaged(`inode ${parentIno} has entries but is no directory`)
  for (const [name, ino] of names) {
    const child = inodes.get(ino)
    if (child === undefined) throw damaged(`'${name}' leads to inode ${ino}, which does not exist`)
    parent.entries.set(name, child)
    if (child.entries === undefined) {
      child.nlink++
      continue
    }
    if (child.parent !== undefined)
      throw damaged(`directory '${name}' (inode ${ino}) has two names`)
    child.parent = parent
    child.name = name
    parent.nlink++
  }
}

/** A directory that has a parent but cannot be reached from the root lies on a cycle. */
function checkReachable(inodes: Map<Ino, Inode>, root: Inode): void {
  const seen = new Set<Inode>([root])
  for (const directory of seen) {
    for (const child of directory.entries?.values() ?? []) {
      if (child.entries !== undefined) seen.add(child)
    }
  }
  for (const inode of inodes.values()) {
    if (inode.entries === undefined || seen.has(inode)) continue
    if (inode.entries.size === 0 && inode.parent === undefined) continue
    throw damaged(`directory '${inode.name}' (inode ${inode.ino}) is outside the tree`)
  }
}

function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the stored tree is damaged: ${detail}` })
}
