// The inodes of an open file system and the names that lead to them: finding them, giving and taking
// names, dropping what nothing leads to any more. Called by InodeFs, which has checked what POSIX asks
// of an operation; every change is told to the journal.

import { ROOT_INO, isSymlink, S_IFMT, S_IFREG, VfsError, type Ino } from '../contract/index.ts'
import { inodeFact, makeInode, type Inode, type Tree } from './inode.ts'
import type { Journal } from './journal.ts'
import { checkName } from './names.ts'
import { pathOf } from './paths.ts'
import type { ContentStore, Fact } from './ports.ts'

export interface DirectoryInode extends Inode {
  readonly entries: Map<string, Inode>
}

export interface Move {
  readonly parent: DirectoryInode
  readonly name: string
  readonly newParent: DirectoryInode
  readonly newName: string
}

export interface InodeTableParts<StoreFact> {
  /** The file system's, for messages. */
  readonly name: string
  readonly tree: Tree
  readonly content: ContentStore<StoreFact>
  readonly journal: Journal<StoreFact>
  /** Is told of each call of the program, before anything else is done for it. */
  readonly called: () => void
}

export class InodeTable<StoreFact> {
  readonly root: Inode
  /** Every operation from now on is refused. */
  closed = false
  readonly #name: string
  readonly #content: ContentStore<StoreFact>
  readonly #journal: Journal<StoreFact>
  readonly #called: () => void
  // Every inode with a name or a reference, and no other.
  readonly #inodes: Map<Ino, Inode>
  #nextIno: Ino

  constructor({ name, tree, content, journal, called }: InodeTableParts<StoreFact>) {
    this.#name = name
    this.#inodes = tree.inodes
    this.#nextIno = tree.nextIno
    this.#content = content
    this.#journal = journal
    this.#called = called
    this.root = this.get(ROOT_INO, 'open')
  }

  get size(): number {
    return this.#inodes.size
  }

  clear(): void {
    this.#inodes.clear()
  }

  // ---- Finding. ESTALE for an inode that is gone, and for all when closed. Every call begins with one.

  get(ino: Ino, operation: string): Inode {
    if (this.closed) throw this.#stale(ino, operation)
    this.#called()
    const inode = this.#inodes.get(ino)
    if (inode === undefined) throw this.#stale(ino, operation)
    return inode
  }

  #stale(ino: Ino, operation: string): VfsError {
    const detail = this.closed
      ? `the file system '${this.#name}' is closed`
      : `there is no inode ${ino}`
    return new VfsError('ESTALE', operation, { detail })
  }

  directory(ino: Ino, operation: string): DirectoryInode {
    const inode = this.get(ino, operation)
    if (inode.entries === undefined) {
      throw new VfsError('ENOTDIR', operation, { path: this.anyPathOf(inode) })
    }
    return inode as DirectoryInode
  }

  regular(ino: Ino, operation: string): Inode {
    const inode = this.get(ino, operation)
    if ((inode.mode & S_IFMT) !== S_IFREG) throw this.notRegular(inode, operation)
    return inode
  }

  notRegular(inode: Inode, operation: string): VfsError {
    const path = this.anyPathOf(inode)
    return new VfsError(isSymlink(inode.mode) ? 'EINVAL' : 'EISDIR', operation, { path })
  }

  child(parent: DirectoryInode, name: string, operation: string): Inode {
    const inode = parent.entries.get(name)
    if (inode !== undefined) return inode
    if (name === '.' || name === '..') {
      throw new VfsError('EISDIR', operation, { path: pathOf(parent, name) })
    }
    checkName(name, operation)
    throw new VfsError('ENOENT', operation, { path: pathOf(parent, name) })
  }

  parentForNew(parentIno: Ino, name: string, operation: string): DirectoryInode {
    const parent = this.directory(parentIno, operation)
    checkName(name, operation)
    this.checkAlive(parent, name, operation)
    if (parent.entries.has(name) || name === '.' || name === '..') {
      throw new VfsError('EEXIST', operation, { path: pathOf(parent, name) })
    }
    return parent
  }

  /** A directory that was removed while held takes no new names. */
  checkAlive(directory: DirectoryInode, name: string, operation: string): void {
    if (directory.nlink === 0) throw new VfsError('ENOENT', operation, { path: name })
  }

  add(mode: number, target?: string): Inode {
    const inode = makeInode(this.#nextIno++, mode, Date.now(), target)
    this.#inodes.set(inode.ino, inode)
    this.#journal.inodeCreated(inode)
    return inode
  }

  addName(parent: DirectoryInode, name: string, inode: Inode): void {
    parent.entries.set(name, inode)
    this.#journal.entrySet(parent, name, inode, undefined)
    if (inode.entries !== undefined) {
      inode.parent = parent
      inode.name = name
      parent.nlink++
      // One that was removed, which a failure has taken back: it is empty, or it could not have been.
      if (inode.nlink === 0) inode.nlink = 2
    } else {
      inode.nlink++
    }
    this.contentsChanged(parent, inode.ctime)
  }

  removeName(parent: DirectoryInode, name: string, inode: Inode, now: number): void {
    parent.entries.delete(name)
    this.#journal.entryRemoved(parent, name, inode)
    this.lostName(parent, inode, now)
  }

  lostName(parent: DirectoryInode, inode: Inode, now: number): void {
    if (inode.entries !== undefined) {
      parent.nlink--
      inode.nlink = 0
    } else {
      inode.nlink--
    }
    inode.ctime = now
    this.#journal.timesChanged(inode)
    this.contentsChanged(parent, now)
    this.dropIfUnused(inode)
  }

  /** Moves an entry, in place of what `newName` led to. */
  moveName({ parent, name, newParent, newName }: Move): void {
    const now = Date.now()
    const inode = parent.entries.get(name)!
    const replaced = newParent.entries.get(newName)
    if (replaced !== undefined) {
      newParent.entries.delete(newName)
      this.lostName(newParent, replaced, now)
    }
    parent.entries.delete(name)
    this.#journal.entryRemoved(parent, name, inode)
    newParent.entries.set(newName, inode)
    this.#journal.entrySet(newParent, newName, inode, replaced)
    if (inode.entries !== undefined) {
      parent.nlink--
      newParent.nlink++
      inode.parent = newParent
      inode.name = newName
    }
    inode.ctime = now
    this.#journal.timesChanged(inode)
    this.contentsChanged(parent, now)
    this.contentsChanged(newParent, now)
  }

  dropIfUnused(inode: Inode): void {
    if (inode.nlink === 0 && inode.references === 0) this.drop(inode)
  }

  drop(inode: Inode): void {
    this.#inodes.delete(inode.ino)
    if (inode.entries === undefined) this.#content.drop(inode.ino)
    this.#journal.inodeDropped(inode)
  }

  contentsChanged(directory: Inode, now: number): void {
    directory.mtime = directory.ctime = now
    this.#journal.timesChanged(directory)
  }

  accessed(inode: Inode): void {
    if (inode.atime > inode.mtime && inode.atime > inode.ctime) return
    inode.atime = Date.now()
    this.#journal.atimeChanged(inode)
  }

  /** A store knows inode numbers only; the caller is told a name. */
  named(error: unknown, inode: Inode, operation: string): unknown {
    if (!(error instanceof VfsError)) {
      return new VfsError('EIO', operation, { path: this.anyPathOf(inode), cause: error })
    }
    if (error.path !== undefined) return error
    return new VfsError(error.code, operation, {
      path: this.anyPathOf(inode),
      detail: error.message,
      cause: error,
    })
  }

  /** One of the inode's paths, found by search: for error messages only. */
  anyPathOf(inode: Inode): string | undefined {
    if (inode.entries !== undefined) return inode === this.root ? '/' : pathOf(inode)
    for (const directory of this.#inodes.values()) {
      for (const [name, child] of directory.entries ?? []) {
        if (child === inode) return pathOf(directory, name)
      }
    }
    return undefined
  }

  *snapshot(): Generator<Fact | StoreFact> {
    yield { type: 'next', ino: this.#nextIno }
    for (const inode of this.#inodes.values()) {
      yield inodeFact(inode)
      for (const [name, child] of inode.entries ?? []) {
        yield { type: 'entry', parent: inode.ino, name, ino: child.ino }
      }
    }
    yield* this.#content.snapshot()
  }
}
