// The committed tree: what the log says the store holds, and from it where each file must lie in OPFS.
// Facts are applied batch by batch; each application tells which inodes come to lie elsewhere and can be
// undone while the batch is not committed.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  S_IFDIR,
  VfsError,
  type Fact,
  type Ino,
} from '@wasm-vfs/core/backend'
import { encodeName, joinPath } from './names.ts'

export interface TreeInode {
  readonly ino: Ino
  mode: number
  size: number
  atime: number
  mtime: number
  ctime: number
  target: string | undefined
  /** The directory that its one name is in; undefined without a name. The root is its own parent. */
  parent: Ino | undefined
  name: string
  /** How old the store was when its present name in OPFS was made, in milliseconds. */
  born: number
  /** Of a directory, in the order they were made. */
  entries: Map<string, Ino> | undefined
}

/** A file or directory that comes to lie elsewhere. Paths are OPFS paths from the store's directory. */
export interface Relocation {
  readonly ino: Ino
  readonly kind: 'file' | 'directory'
  /** Undefined: the tree before did not have it, or not under a name. */
  readonly from: string | undefined
  /** Undefined: it has no name any more. */
  readonly to: string | undefined
  /** The tree after does not have it. */
  readonly dropped: boolean
}

export interface Application {
  readonly relocations: readonly Relocation[]
  undo(): void
}

export class CommittedTree {
  readonly inodes: Map<Ino, TreeInode> = new Map()
  nextIno: Ino = ROOT_INO + 1

  static empty(now: number): CommittedTree {
    const tree = new CommittedTree()
    const times = { atime: now, mtime: now, ctime: now }
    const fact = { type: 'inode', ino: ROOT_INO, mode: S_IFDIR | 0o755, size: 0, ...times } as const
    tree.apply([fact], 0)
    return tree
  }

  /** The path in OPFS; '' for the root, undefined for what has no name or lies below such. */
  pathOf(ino: Ino): string | undefined {
    let path = ''
    let at = ino
    for (let depth = 0; at !== ROOT_INO; depth++) {
      if (depth > this.inodes.size) throw wrong(`directory ${ino} is in itself`)
      const inode = this.inodes.get(at)
      if (inode?.parent === undefined) return undefined
      const name = encodeName(inode.name)
      path = path === '' ? name : `${name}/${path}`
      at = inode.parent
    }
    return path
  }

  /** Applies a batch; names that it makes are of the age `age`. */
  apply(facts: readonly Fact[], age: number): Application {
    const change = new Change(this, facts)
    change.apply(facts)
    return { relocations: change.relocations(age), undo: () => change.undo() }
  }

  /** Throws EIO if it is none: what a log says may have a right checksum and be wrong. */
  check(): void {
    if (this.inodes.get(ROOT_INO)?.entries === undefined) throw wrong('there is no root directory')
    for (const { ino, entries } of this.inodes.values()) {
      for (const [name, child] of entries ?? []) {
        const inode = this.inodes.get(child)
        const what = `'${name}' in directory ${ino} leads to inode ${child}`
        if (inode === undefined) throw wrong(`${what}, which does not exist`)
        if (child === ROOT_INO) throw wrong(`${what}, the root`)
        if (inode.parent !== ino || inode.name !== name)
          throw wrong(`${what}, which has another name`)
      }
      this.pathOf(ino)
    }
  }

  /** All of it as facts, in an order from which the same tree comes. */
  *facts(): Generator<Fact> {
    yield { type: 'next', ino: this.nextIno }
    for (const inode of this.inodes.values()) {
      const { ino, mode, size, atime, mtime, ctime, target } = inode
      yield { type: 'inode', ino, mode, size, atime, mtime, ctime, target }
    }
    for (const { ino, entries } of this.inodes.values()) {
      if (entries === undefined) continue
      for (const [name, child] of entries) yield { type: 'entry', parent: ino, name, ino: child }
    }
  }

  /** Every file and directory with a name, with its path, parents before children; the root left out. */
  *located(directory: Ino = ROOT_INO, prefix: string = ''): Generator<[string, TreeInode]> {
    for (const [name, ino] of this.inodes.get(directory)?.entries ?? []) {
      const inode = this.inodes.get(ino)
      if (inode === undefined || isSymlink(inode.mode)) continue
      const path = joinPath(prefix, encodeName(name))
      yield [path, inode]
      if (inode.entries !== undefined) yield* this.located(ino, path)
    }
  }

  /** The inode and everything below it. */
  *below(ino: Ino): Generator<TreeInode> {
    const inode = this.inodes.get(ino)
    if (inode === undefined) return
    yield inode
    for (const child of inode.entries?.values() ?? []) yield* this.below(child)
  }
}

function wrong(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the log says what cannot be: ${detail}` })
}

type Saved = Pick<TreeInode, 'parent' | 'name' | 'born' | 'entries'> & { readonly whole: TreeInode }

/** One batch being applied. */
class Change {
  readonly #tree: CommittedTree
  readonly #nextIno: Ino
  // As they were before; undefined for inodes that the batch adds.
  readonly #before = new Map<Ino, Saved | undefined>()
  readonly #pathsBefore = new Map<Ino, string | undefined>()

  constructor(tree: CommittedTree, facts: readonly Fact[]) {
    this.#tree = tree
    this.#nextIno = tree.nextIno
    for (const fact of facts) {
      switch (fact.type) {
        case 'entry':
          this.#touchName(fact.parent, fact.name)
          this.#touchBelow(fact.ino)
          break
        case 'remove':
          this.#touchName(fact.parent, fact.name)
          break
        case 'drop':
          this.#touchBelow(fact.ino)
          break
        case 'inode':
          this.#save(fact.ino)
          break
        case 'next':
          break
      }
    }
  }

  apply(facts: readonly Fact[]): void {
    const { inodes } = this.#tree
    for (const fact of facts) {
      switch (fact.type) {
        case 'next':
          this.#tree.nextIno = Math.max(this.#tree.nextIno, fact.ino)
          break
        case 'inode': {
          const old = inodes.get(fact.ino)
          const entries = old?.entries ?? (isDirectory(fact.mode) ? new Map() : undefined)
          const { mode, size, atime, mtime, ctime, target } = fact
          const at = { parent: old?.parent, name: old?.name ?? '', born: old?.born ?? 0, entries }
          const ino = fact.ino
          inodes.set(ino, { ino, mode, size, atime, mtime, ctime, target, ...at })
          this.#tree.nextIno = Math.max(this.#tree.nextIno, ino + 1)
          if (ino === ROOT_INO) inodes.get(ino)!.parent = ROOT_INO
          break
        }
        case 'entry': {
          const entries = inodes.get(fact.parent)?.entries
          entries?.delete(fact.name)
          entries?.set(fact.name, fact.ino)
          break
        }
        case 'remove':
          inodes.get(fact.parent)?.entries?.delete(fact.name)
          break
        case 'drop':
          inodes.delete(fact.ino)
          break
      }
    }
    this.#findNames(facts)
  }

  undo(): void {
    for (const [ino, saved] of this.#before) {
      if (saved === undefined) this.#tree.inodes.delete(ino)
      else {
        const { whole, ...place } = saved
        this.#tree.inodes.set(ino, Object.assign(whole, place))
      }
    }
    this.#tree.nextIno = this.#nextIno
  }

  relocations(age: number): Relocation[] {
    const relocations: Relocation[] = []
    for (const [ino, from] of this.#pathsBefore) {
      const before = this.#before.get(ino)?.whole
      const after = this.#tree.inodes.get(ino)
      const mode = after?.mode ?? before?.mode
      if (mode === undefined || isSymlink(mode)) continue
      const to = after === undefined ? undefined : this.#tree.pathOf(ino)
      const dropped = after === undefined
      if (from === to && !dropped) continue
      if (after !== undefined && to !== undefined) after.born = age
      if (from === undefined && to === undefined && before === undefined) continue
      const kind = isDirectory(mode) ? 'directory' : 'file'
      relocations.push({ ino, kind, from, to, dropped })
    }
    return relocations
  }

  /** Names are looked for only now, because a batch may give a name away before it takes it. */
  #findNames(facts: readonly Fact[]): void {
    const { inodes } = this.#tree
    const leadsTo = (parent: Ino | undefined, name: string): Ino | undefined =>
      parent === undefined ? undefined : inodes.get(parent)?.entries?.get(name)
    for (const ino of this.#pathsBefore.keys()) {
      const inode = inodes.get(ino)
      if (inode !== undefined && leadsTo(inode.parent, inode.name) !== ino) inode.parent = undefined
    }
    for (const fact of facts) {
      if (fact.type !== 'entry' || leadsTo(fact.parent, fact.name) !== fact.ino) continue
      const inode = inodes.get(fact.ino)
      if (inode === undefined) continue
      inode.parent = fact.parent
      inode.name = fact.name
    }
  }

  #touchName(parent: Ino, name: string): void {
    this.#save(parent)
    const ino = this.#tree.inodes.get(parent)?.entries?.get(name)
    if (ino !== undefined) this.#touchBelow(ino)
  }

  /** A directory takes everything below it along. */
  #touchBelow(ino: Ino): void {
    if (this.#pathsBefore.has(ino)) return
    this.#save(ino)
    this.#pathsBefore.set(ino, this.#tree.pathOf(ino))
    for (const child of this.#tree.inodes.get(ino)?.entries?.values() ?? []) this.#touchBelow(child)
  }

  #save(ino: Ino): void {
    if (this.#before.has(ino)) return
    const whole = this.#tree.inodes.get(ino)
    if (whole === undefined) {
      this.#before.set(ino, undefined)
      return
    }
    const { parent, name, born, entries } = whole
    this.#before.set(ino, { whole, parent, name, born, entries: entries && new Map(entries) })
  }
}
