// The engine: a POSIX file system over the two ports. Every backend's Vfs is an InodeFs; what POSIX
// says about names, inodes, links, renames, times and open-unlinked files is said here and nowhere
// else. All metadata is in memory; content goes through the ContentStore, changes into the Journal.
//
// Each operation checks everything first, then asks the content store (which may refuse), and only
// then changes memory, so that an operation that throws has changed nothing.

import {
  BLOCK_SIZE,
  FILE_SIZE_MAX,
  isDirectory,
  NAME_MAX,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_PERMISSIONS,
  VfsError,
  type AttributeChanges,
  type Attributes,
  type Capabilities,
  type DirectoryEntry,
  type Durability,
  type FileSystemStatistics,
  type FsyncOptions,
  type Ino,
  type SyncOptions,
  type Vfs,
  type VfsCounters,
} from '../contract/index.ts'
import { HandDown } from './hand-down.ts'
import type { Inode, Tree } from './inode.ts'
import { InodeTable, type DirectoryInode } from './inode-table.ts'
import { Journal } from './journal.ts'
import { checkOffset, checkReplace } from './checks.ts'
import { checkName, checkTarget } from './names.ts'
import { isWithin, pathOf } from './paths.ts'
import type { ContentStore, MetadataStore } from './ports.ts'

/** Shared between the engine, which may lower it, and the stores, which obey it. */
export interface DurabilityLevel {
  current: Durability
}

export interface InodeFsParts<StoreFact> {
  readonly backend: string
  readonly name: string
  readonly level: DurabilityLevel
  readonly capabilities: Capabilities
  readonly content: ContentStore<StoreFact>
  readonly metadata: MetadataStore<StoreFact>
  /** What the store holds: from a TreeBuilder, or `emptyTree()`. */
  readonly tree: Tree
  readonly stats: () => VfsCounters
  /** Runs last in `close()`, whatever failed before: locks are given back here. */
  readonly release?: () => void | Promise<void>
  readonly attachMemory?: (memory: WebAssembly.Memory) => Promise<void>
  /** Throws if the store is over, whatever is asked of it: before every call. */
  readonly checkAlive?: () => void
}

export class InodeFs<StoreFact = never> implements Vfs {
  readonly backend: string
  readonly name: string
  readonly capabilities: Capabilities
  readonly stats: () => VfsCounters
  readonly attachMemory?: (memory: WebAssembly.Memory) => Promise<void>

  readonly #level: DurabilityLevel
  readonly #content: ContentStore<StoreFact>
  readonly #metadata: MetadataStore<StoreFact>
  readonly #journal: Journal<StoreFact>
  readonly #release: () => void | Promise<void>
  readonly #maxFileSize: number
  readonly #inodes: InodeTable<StoreFact>
  readonly #handDown: HandDown<StoreFact>
  #syncing: Promise<void> = Promise.resolve()
  // Syncs that have been asked for and have not ended.
  #syncsUnderWay = 0
  // Set by the call of `close`, from which on every operation is refused: one that came after the last
  // commit was taken would succeed and be lost.
  #closing: Promise<void> | undefined

  constructor(parts: InodeFsParts<StoreFact>) {
    this.backend = parts.backend
    this.name = parts.name
    this.capabilities = parts.capabilities
    this.stats = parts.stats
    if (parts.attachMemory !== undefined) this.attachMemory = parts.attachMemory
    this.#level = parts.level
    this.#content = parts.content
    this.#metadata = parts.metadata
    this.#release = parts.release ?? (() => {})
    this.#maxFileSize = Math.min(parts.capabilities.maxFileSize, FILE_SIZE_MAX)
    this.#handDown = new HandDown({
      capabilities: parts.capabilities,
      content: this.#content,
      journal: () => this.#journal,
      isSyncing: () => this.#syncsUnderWay > 0,
      sync: () => this.#serialize(() => this.#commitAll(this.#journal.hasChanges(), true)),
      dropIfUnused: (inode) => this.#inodes.dropIfUnused(inode),
    })
    this.#journal = new Journal(
      this.#content,
      this.#metadata,
      () => this.#inodes.snapshot(),
      () => this.#handDown.changed(),
    )
    this.#inodes = new InodeTable({
      name: parts.name,
      tree: parts.tree,
      content: this.#content,
      journal: this.#journal,
      called: () => {
        parts.checkAlive?.()
        this.#handDown.called()
      },
    })
    const handDown = this.#handDown
    this.#content.attach({
      touch: (ino) => this.#journal.touch(ino),
      handDown: () => handDown.now(),
    })
    if (this.#inodes.root.fresh) this.#journal.inodeCreated(this.#inodes.root)
    // Whoever held these open died; nobody can reach them any more.
    for (const orphan of parts.tree.orphans) this.#inodes.drop(orphan)
  }

  get durability(): Durability {
    return this.#level.current
  }

  relaxDurability(): void {
    if (this.#level.current === 'strict') this.#level.current = 'relaxed'
  }

  // ---- Namespace.

  lookup(parentIno: Ino, name: string): Ino {
    const ino = this.find(parentIno, name)
    if (ino !== undefined) return ino
    throw new VfsError('ENOENT', 'lookup', {
      path: pathOf(this.#inodes.directory(parentIno, 'lookup'), name),
    })
  }

  find(parentIno: Ino, name: string): Ino | undefined {
    const parent = this.#inodes.directory(parentIno, 'lookup')
    const child = parent.entries.get(name)
    if (child !== undefined) return child.ino
    if (name === '.') return parent.ino
    if (name === '..') return parent.parent?.ino ?? parent.ino
    checkName(name, 'lookup')
    return undefined
  }

  getattr(ino: Ino): Attributes {
    const inode = this.#inodes.get(ino, 'getattr')
    return {
      ino,
      mode: inode.mode,
      nlink: inode.nlink,
      size: inode.entries === undefined ? inode.size : BLOCK_SIZE,
      atime: inode.atime,
      mtime: inode.mtime,
      ctime: inode.ctime,
    }
  }

  setattr(ino: Ino, changes: AttributeChanges): void {
    const inode = this.#inodes.get(ino, 'setattr')
    const { mode, size, atime, mtime, ctime } = changes
    for (const time of [atime, mtime, ctime]) {
      if (time !== undefined && !Number.isFinite(time)) {
        throw new VfsError('EINVAL', 'setattr', { detail: `${time} is not a time` })
      }
    }
    if (size !== undefined) this.#resize(inode, size, 'setattr')
    if (mode !== undefined) inode.mode = (inode.mode & S_IFMT) | (mode & S_PERMISSIONS)
    if (atime !== undefined) inode.atime = atime
    if (mtime !== undefined) inode.mtime = mtime
    inode.ctime = ctime ?? Date.now()
    this.#journal.inodeChanged(inode)
  }

  mkdir(parentIno: Ino, name: string, mode: number): Ino {
    const parent = this.#inodes.parentForNew(parentIno, name, 'mkdir')
    const inode = this.#inodes.add(S_IFDIR | (mode & S_PERMISSIONS))
    this.#inodes.addName(parent, name, inode)
    return inode.ino
  }

  create(parentIno: Ino, name: string, mode: number): Ino {
    const parent = this.#inodes.parentForNew(parentIno, name, 'create')
    const inode = this.#inodes.add(S_IFREG | (mode & S_PERMISSIONS))
    this.#inodes.addName(parent, name, inode)
    return inode.ino
  }

  symlink(parentIno: Ino, name: string, target: string): Ino {
    const length = checkTarget(target, 'symlink')
    const parent = this.#inodes.parentForNew(parentIno, name, 'symlink')
    const inode = this.#inodes.add(S_IFLNK | 0o777, target)
    inode.size = length
    this.#inodes.addName(parent, name, inode)
    return inode.ino
  }

  readlink(ino: Ino): string {
    const inode = this.#inodes.get(ino, 'readlink')
    if (inode.target === undefined) {
      throw new VfsError('EINVAL', 'readlink', { path: this.#inodes.anyPathOf(inode) })
    }
    return inode.target
  }

  link(ino: Ino, parentIno: Ino, name: string): void {
    const inode = this.#inodes.get(ino, 'link')
    const parent = this.#inodes.parentForNew(parentIno, name, 'link')
    const path = pathOf(parent, name)
    if (!this.capabilities.hardLinks) {
      throw new VfsError('EPERM', 'link', { path, detail: `${this.backend} has no hard links` })
    }
    if (isDirectory(inode.mode)) {
      throw new VfsError('EPERM', 'link', { path, detail: 'a directory has one name' })
    }
    if (inode.nlink === 0) throw new VfsError('ENOENT', 'link', { path })
    this.#handDown.names({
      change: () => {
        inode.ctime = Date.now()
        this.#journal.timesChanged(inode)
        this.#inodes.addName(parent, name, inode)
      },
      undo: () => this.#inodes.removeName(parent, name, inode, Date.now()),
      concerns: [inode, parent],
    })
  }

  unlink(parentIno: Ino, name: string): void {
    const parent = this.#inodes.directory(parentIno, 'unlink')
    const inode = this.#inodes.child(parent, name, 'unlink')
    if (inode.entries !== undefined) {
      throw new VfsError('EISDIR', 'unlink', { path: pathOf(parent, name) })
    }
    this.#remove(parent, name, inode)
  }

  rmdir(parentIno: Ino, name: string): void {
    const parent = this.#inodes.directory(parentIno, 'rmdir')
    const path = pathOf(parent, name)
    if (name === '.') throw new VfsError('EINVAL', 'rmdir', { path })
    if (name === '..') throw new VfsError('ENOTEMPTY', 'rmdir', { path })
    const inode = this.#inodes.child(parent, name, 'rmdir')
    if (inode.entries === undefined) throw new VfsError('ENOTDIR', 'rmdir', { path })
    if (inode.entries.size > 0) throw new VfsError('ENOTEMPTY', 'rmdir', { path })
    this.#remove(parent, name, inode)
  }

  rename(parentIno: Ino, name: string, newParentIno: Ino, newName: string): void {
    const parent = this.#inodes.directory(parentIno, 'rename')
    const newParent = this.#inodes.directory(newParentIno, 'rename')
    for (const each of [name, newName]) {
      if (each === '.' || each === '..') {
        throw new VfsError('EBUSY', 'rename', { path: pathOf(parent, each) })
      }
    }
    const inode = this.#inodes.child(parent, name, 'rename')
    this.#inodes.checkAlive(newParent, newName, 'rename')
    const replaced = newParent.entries.get(newName)
    if (replaced === undefined) checkName(newName, 'rename')
    if (replaced === inode) return
    if (inode.entries !== undefined && isWithin(newParent, inode)) {
      throw new VfsError('EINVAL', 'rename', {
        path: pathOf(parent, name),
        detail: 'a directory cannot move into its own subtree',
      })
    }
    if (replaced !== undefined) checkReplace(inode, replaced, pathOf(newParent, newName))

    this.#handDown.names({
      change: () => this.#inodes.moveName({ parent, name, newParent, newName }),
      undo: () => {
        this.#inodes.moveName({
          parent: newParent,
          name: newName,
          newParent: parent,
          newName: name,
        })
        if (replaced !== undefined) this.#inodes.addName(newParent, newName, replaced)
      },
      concerns: [inode, parent, newParent, ...(replaced === undefined ? [] : [replaced])],
      losing: replaced,
    })
  }

  readdir(ino: Ino): DirectoryEntry[] {
    const directory = this.#inodes.directory(ino, 'readdir')
    this.#inodes.accessed(directory)
    const list: DirectoryEntry[] = []
    for (const [name, child] of directory.entries) {
      list.push({ name, ino: child.ino, type: child.mode & S_IFMT })
    }
    return list
  }

  statfs(): FileSystemStatistics {
    this.#inodes.get(ROOT_INO, 'statfs')
    const { total, free } = this.#content.space()
    return {
      blockSize: BLOCK_SIZE,
      blocks: Math.floor(total / BLOCK_SIZE),
      blocksFree: Math.floor(free / BLOCK_SIZE),
      files: this.#inodes.size,
      nameMax: NAME_MAX,
    }
  }

  // ---- Content.

  read(ino: Ino, into: Uint8Array, at: number): number {
    const inode = this.#inodes.regular(ino, 'read')
    checkOffset(at, 'read')
    const available = inode.size - at
    if (available <= 0 || into.length === 0) return 0
    const target = into.length <= available ? into : into.subarray(0, available)
    try {
      this.#content.read(ino, target, at)
    } catch (error) {
      throw this.#inodes.named(error, inode, 'read')
    }
    this.#inodes.accessed(inode)
    return target.length
  }

  write(ino: Ino, from: Uint8Array, at: number): number {
    const inode = this.#inodes.regular(ino, 'write')
    checkOffset(at, 'write')
    if (from.length === 0) return 0
    const end = at + from.length
    if (end > this.#maxFileSize) throw this.#tooBig(inode, 'write')
    try {
      this.#content.write(ino, from, at, inode.size)
    } catch (error) {
      throw this.#inodes.named(error, inode, 'write')
    }
    if (end > inode.size) {
      inode.size = end
      this.#journal.inodeChanged(inode)
    }
    inode.mtime = inode.ctime = Date.now()
    this.#journal.timesChanged(inode)
    return from.length
  }

  truncate(ino: Ino, size: number): void {
    this.#resize(this.#inodes.get(ino, 'truncate'), size, 'truncate')
  }

  fsync(ino: Ino, options: FsyncOptions = {}): void {
    const inode = this.#inodes.get(ino, 'fsync')
    if (!this.capabilities.synchronousFsync) return
    try {
      if (inode.entries === undefined) this.#content.fsync(ino, options.dataOnly ?? false)
      else this.#content.checkFailures?.()
      // A batch holds everything pending, so this also commits what else has changed: order is kept,
      // and the next fsync finds nothing to do.
      if (this.#journal.concerns(ino)) this.#journal.commit('acknowledged')
    } catch (error) {
      throw this.#inodes.named(error, inode, 'fsync')
    }
    this.#handDown.endLoading()
  }

  // ---- Life of an inode.

  acquire(ino: Ino): void {
    this.#inodes.get(ino, 'acquire').references++
  }

  release(ino: Ino): void {
    const inode = this.#inodes.get(ino, 'release')
    if (inode.references === 0) {
      throw new VfsError('EINVAL', 'release', {
        path: this.#inodes.anyPathOf(inode),
        detail: `inode ${ino} is not held`,
      })
    }
    inode.references--
    this.#inodes.dropIfUnused(inode)
  }

  // ---- Whole file system.

  async sync(options: SyncOptions = {}): Promise<void> {
    this.#inodes.get(ROOT_INO, 'sync')
    return this.#serialize(() => this.#sync(options))
  }

  atomicFirstLoad(): void {
    if (this.#inodes.directory(ROOT_INO, 'atomicFirstLoad').entries.size === 0) {
      this.#handDown.beginLoading()
    }
  }

  close(): Promise<void> {
    this.#inodes.closed = true
    this.#handDown.stop()
    this.#closing ??= this.#serialize(() => this.#close())
    return this.#closing
  }

  #serialize(work: () => Promise<void>): Promise<void> {
    this.#syncsUnderWay++
    const run = this.#syncing.then(work).finally(() => this.#syncsUnderWay--)
    // The caller gets the rejection; the queue only needs to know that the work has ended.
    this.#syncing = run.catch(() => {})
    return run
  }

  async #sync(options: SyncOptions): Promise<void> {
    if (options.housekeepingOnly !== true) {
      await this.#commitAll(this.#journal.hasChanges(), true)
      await this.#metadata.sync()
      this.#handDown.endLoading()
    }
    await this.#content.housekeeping()
  }

  async #commitAll(wanted: boolean, acknowledge: boolean): Promise<void> {
    await this.#content.syncAll()
    if (!wanted) return
    const metadata = this.#metadata
    if (!this.capabilities.synchronousFsync) await this.#journal.commitAsync()
    else if (acknowledge && metadata.acknowledgeAsync !== undefined)
      await this.#journal.commitUnblocked(() => metadata.acknowledgeAsync!())
    else this.#journal.commit(acknowledge ? 'acknowledged' : 'closed')
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    const attempt = async (work: () => void | Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (error) {
        failures.push(error)
      }
    }
    await attempt(() => this.#content.beforeClose?.())
    // Closing the metadata store makes the batch durable.
    await attempt(() => this.#commitAll(this.#journal.hasAnything(), false))
    this.#inodes.clear()
    await attempt(() => this.#content.close())
    await attempt(() => this.#metadata.close(failures.length === 0))
    await attempt(() => this.#release())
    if (failures.length > 0) throw failures[0]
  }

  /** What no batch has named is gone with the tab in any case. */
  #remove(parent: DirectoryInode, name: string, inode: Inode): void {
    const remove = (): void => this.#inodes.removeName(parent, name, inode, Date.now())
    if (this.#journal.isFresh(parent, name)) return remove()
    this.#handDown.names({
      change: remove,
      undo: () => this.#inodes.addName(parent, name, inode),
      concerns: [inode, parent],
      losing: inode,
    })
  }

  // ---- Sizes and times.

  #resize(inode: Inode, size: number, operation: string): void {
    if ((inode.mode & S_IFMT) !== S_IFREG) throw this.#inodes.notRegular(inode, operation)
    checkOffset(size, operation)
    if (size > this.#maxFileSize) throw this.#tooBig(inode, operation)
    const emptied = size === 0 && inode.size > 0
    if (size !== inode.size) {
      try {
        this.#content.resize(inode.ino, inode.size, size)
      } catch (error) {
        throw this.#inodes.named(error, inode, operation)
      }
      inode.size = size
      this.#journal.inodeChanged(inode)
    }
    inode.mtime = inode.ctime = Date.now()
    this.#journal.timesChanged(inode)
    // Programs commit by this, too (a journal is emptied). What was cut off cannot be brought back, so a
    // failure leaves the file empty, and says so.
    if (!emptied || inode.nlink === 0) return
    try {
      this.#handDown.now()
    } catch (error) {
      throw this.#inodes.named(error, inode, operation)
    }
  }

  #tooBig(inode: Inode, operation: string): VfsError {
    return new VfsError('EFBIG', operation, {
      path: this.#inodes.anyPathOf(inode),
      detail: `a file has at most ${this.#maxFileSize} bytes`,
    })
  }
}
