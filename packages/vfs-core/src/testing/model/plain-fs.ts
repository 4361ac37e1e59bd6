// The model: POSIX semantics over plain objects, written to be obviously right and nothing else. Whole
// files are byte arrays; link counts and parents are not kept but counted and searched for, so there
// is nothing to get out of step. It shares no code with the engine it judges.

import { NAME_MAX, PATH_MAX, type ErrnoCode, type Ino } from '../../contract/index.ts'

/** When a time was set: some moment from `min` to `max`, both in ms. */
export interface Span {
  readonly min: number
  readonly max: number
}

interface PlainInode {
  /** The number that the file system under test gave it. */
  readonly ino: Ino
  permissions: number
  held: number
  mtime: Span
  ctime: Span
}

export interface PlainFile extends PlainInode {
  readonly kind: 'file'
  bytes: Uint8Array
}

export interface PlainDirectory extends PlainInode {
  readonly kind: 'directory'
  /** In the order the entries were made; a rename makes an entry. */
  readonly entries: Map<string, PlainNode>
}

export interface PlainSymlink extends PlainInode {
  readonly kind: 'symlink'
  readonly target: string
}

export type PlainNode = PlainFile | PlainDirectory | PlainSymlink

/** Why an operation must fail. POSIX does not rank errors, so any of the codes will do. */
export class Refusal {
  readonly codes: ReadonlySet<ErrnoCode>

  constructor(codes: Iterable<ErrnoCode>) {
    this.codes = new Set(codes)
  }
}

export interface Changes {
  readonly mode?: number
  readonly size?: number
  readonly mtime?: number
  readonly ctime?: number
}

export interface NewInode {
  readonly ino: Ino
  readonly permissions: number
  readonly now: Span
}

const at = (time: number): Span => ({ min: time, max: time })

const utf8 = new TextEncoder()

/**
 * Every operation throws a Refusal before it changes anything, or succeeds. `now` is the span in which
 * the file system under test carried it out.
 */
export class PlainFs {
  readonly root: PlainDirectory
  readonly #hardLinks: boolean
  /** Held nodes may have lost their names, so reachability from the root does not find them. */
  readonly #held = new Set<PlainNode>()

  constructor(root: NewInode, hardLinks: boolean) {
    this.root = { ...inode(root), kind: 'directory', entries: new Map() }
    this.#hardLinks = hardLinks
  }

  // ---- What there is.

  /** Every node with a name or a hold, each once, the root first. */
  nodes(): PlainNode[] {
    const found = new Set<PlainNode>([this.root])
    for (const node of found) {
      if (node.kind === 'directory') for (const child of node.entries.values()) found.add(child)
    }
    for (const node of this.#held) found.add(node)
    return [...found]
  }

  directories(): PlainDirectory[] {
    return this.nodes().filter((node) => node.kind === 'directory')
  }

  entries(): { directory: PlainDirectory; name: string; node: PlainNode }[] {
    return this.directories().flatMap((directory) => {
      return [...directory.entries].map(([name, node]) => ({ directory, name, node }))
    })
  }

  links(node: PlainNode): number {
    const names = this.entries().filter((entry) => entry.node === node).length
    if (node.kind !== 'directory') return names
    if (names === 0 && node !== this.root) return 0
    return 2 + [...node.entries.values()].filter((child) => child.kind === 'directory').length
  }

  /** Undefined for a directory that was removed while held. */
  parentOf(directory: PlainDirectory): PlainDirectory | undefined {
    if (directory === this.root) return this.root
    return this.entries().find((entry) => entry.node === directory)?.directory
  }

  // ---- Names.

  lookup(directory: PlainNode, name: string): PlainNode | undefined {
    refuse(inDirectory(directory), name === '..' ? [] : nameProblems(name))
    const { entries } = directory as PlainDirectory
    if (name === '.') return directory
    if (name === '..') return this.parentOf(directory as PlainDirectory)
    refuse(when(!entries.has(name), 'ENOENT'))
    return entries.get(name)
  }

  /** What `mkdir`, `create`, `symlink` and `link` ask of the place for a new name. */
  checkNewName(directory: PlainNode, name: string, ...problems: readonly ErrnoCode[][]): void {
    refuse(
      inDirectory(directory),
      nameProblems(name),
      this.#isAlive(directory),
      when(isDots(name) || this.#child(directory, name) !== undefined, 'EEXIST'),
      ...problems,
    )
  }

  mkdir(directory: PlainNode, name: string, make: NewInode): PlainNode {
    return this.#add(directory, name, make.now, {
      ...inode(make),
      kind: 'directory',
      entries: new Map(),
    })
  }

  create(directory: PlainNode, name: string, make: NewInode): PlainNode {
    return this.#add(directory, name, make.now, {
      ...inode(make),
      kind: 'file',
      bytes: new Uint8Array(),
    })
  }

  checkSymlink(directory: PlainNode, name: string, target: string): void {
    const tooLong = utf8.encode(target).length > PATH_MAX
    const problems = [when(target === '', 'ENOENT'), when(tooLong, 'ENAMETOOLONG')]
    this.checkNewName(directory, name, ...problems)
  }

  symlink(directory: PlainNode, name: string, target: string, make: NewInode): PlainNode {
    return this.#add(directory, name, make.now, { ...inode(make), kind: 'symlink', target })
  }

  readlink(node: PlainNode): string {
    refuse(when(node.kind !== 'symlink', 'EINVAL'))
    return (node as PlainSymlink).target
  }

  link(node: PlainNode, directory: PlainNode, name: string, now: Span): void {
    this.checkNewName(
      directory,
      name,
      when(!this.#hardLinks || node.kind === 'directory', 'EPERM'),
      when(this.links(node) === 0, 'ENOENT'),
    )
    this.#add(directory, name, now, node)
    node.ctime = now
  }

  unlink(directory: PlainNode, name: string, now: Span): void {
    const node = this.#child(directory, name)
    refuse(
      inDirectory(directory),
      nameProblems(name),
      when(isDots(name) || node?.kind === 'directory', 'EISDIR'),
      when(!isDots(name) && node === undefined, 'ENOENT'),
    )
    this.#remove(directory as PlainDirectory, name, now)
  }

  rmdir(directory: PlainNode, name: string, now: Span): void {
    const node = this.#child(directory, name)
    refuse(
      inDirectory(directory),
      nameProblems(name),
      when(name === '.', 'EINVAL'),
      when(name === '..', 'ENOTEMPTY'),
      when(isDots(name) && directory === this.root, 'EBUSY'),
      when(!isDots(name) && node === undefined, 'ENOENT'),
      when(node !== undefined && node.kind !== 'directory', 'ENOTDIR'),
      when(node?.kind === 'directory' && node.entries.size > 0, 'ENOTEMPTY'),
    )
    this.#remove(directory as PlainDirectory, name, now)
  }

  rename(
    directory: PlainNode,
    name: string,
    newDirectory: PlainNode,
    newName: string,
    now: Span,
  ): void {
    const node = this.#child(directory, name)
    const replaced = this.#child(newDirectory, newName)
    refuse(
      inDirectory(directory),
      inDirectory(newDirectory),
      nameProblems(name),
      nameProblems(newName),
      this.#isAlive(newDirectory),
      when(isDots(name) || isDots(newName), 'EBUSY'),
      when(!isDots(name) && node === undefined, 'ENOENT'),
      when(node?.kind === 'directory' && this.#isWithin(newDirectory, node), 'EINVAL'),
      node === replaced || node === undefined ? [] : replaceProblems(node, replaced),
    )
    if (node === replaced) return
    if (replaced !== undefined) this.#remove(newDirectory as PlainDirectory, newName, now)
    this.#remove(directory as PlainDirectory, name, now, 'is renamed')
    this.#add(newDirectory, newName, now, node!)
  }

  readdir(directory: PlainNode): [name: string, node: PlainNode][] {
    refuse(inDirectory(directory))
    return [...(directory as PlainDirectory).entries]
  }

  // ---- Content and attributes.

  read(node: PlainNode, at: number, length: number): Uint8Array {
    refuse(notRegular(node), offsetProblems(at))
    return (node as PlainFile).bytes.slice(at, at + length)
  }

  write(node: PlainNode, from: Uint8Array, at: number, now: Span): void {
    refuse(notRegular(node), offsetProblems(at))
    if (from.length === 0) return
    const file = node as PlainFile
    const grown = new Uint8Array(Math.max(file.bytes.length, at + from.length))
    grown.set(file.bytes)
    grown.set(from, at)
    file.bytes = grown
    file.mtime = file.ctime = now
  }

  truncate(node: PlainNode, size: number, now: Span): void {
    refuse(notRegular(node), offsetProblems(size))
    const file = node as PlainFile
    const resized = new Uint8Array(size)
    resized.set(file.bytes.subarray(0, size))
    // POSIX leaves open whether a size that stays counts as a change.
    const moved = (old: Span): Span => (size === file.bytes.length ? either(old, now) : now)
    file.mtime = moved(file.mtime)
    file.ctime = moved(file.ctime)
    file.bytes = resized
  }

  setattr(node: PlainNode, { mode, size, mtime, ctime }: Changes, now: Span): void {
    if (size !== undefined) this.truncate(node, size, now)
    if (mode !== undefined) node.permissions = mode & 0o7777
    if (mtime !== undefined) node.mtime = at(mtime)
    node.ctime = ctime === undefined ? now : at(ctime)
  }

  // ---- Life of an inode.

  acquire(node: PlainNode): void {
    node.held++
    this.#held.add(node)
  }

  release(node: PlainNode): void {
    refuse(when(node.held === 0, 'EINVAL'))
    node.held--
    if (node.held === 0) this.#held.delete(node)
  }

  /** What closing and opening does: whoever held something is gone. */
  remount(): void {
    for (const node of this.#held) node.held = 0
    this.#held.clear()
  }

  // ---- Within.

  #child(directory: PlainNode, name: string): PlainNode | undefined {
    return directory.kind === 'directory' ? directory.entries.get(name) : undefined
  }

  #isAlive(directory: PlainNode): ErrnoCode[] {
    return when(directory.kind === 'directory' && this.links(directory) === 0, 'ENOENT')
  }

  #isWithin(node: PlainNode, ancestor: PlainDirectory): boolean {
    if (node === ancestor) return true
    return [...ancestor.entries.values()].some((child) => {
      return child.kind === 'directory' && this.#isWithin(node, child)
    })
  }

  #add(directory: PlainNode, name: string, now: Span, node: PlainNode): PlainNode {
    const { entries } = directory as PlainDirectory
    entries.set(name, node)
    directory.mtime = directory.ctime = now
    return node
  }

  #remove(directory: PlainDirectory, name: string, now: Span, why?: 'is renamed'): void {
    const node = directory.entries.get(name)!
    directory.entries.delete(name)
    directory.mtime = directory.ctime = now
    // POSIX leaves open whether a rename marks the renamed inode.
    node.ctime = why === 'is renamed' ? either(node.ctime, now) : now
  }
}

function inode({ ino, permissions, now }: NewInode): PlainInode {
  return { ino, permissions: permissions & 0o7777, held: 0, mtime: now, ctime: now }
}

function either(old: Span, now: Span): Span {
  return { min: Math.min(old.min, now.min), max: Math.max(old.max, now.max) }
}

const isDots = (name: string): boolean => name === '.' || name === '..'

const when = (condition: boolean, code: ErrnoCode): ErrnoCode[] => (condition ? [code] : [])

const inDirectory = (node: PlainNode): ErrnoCode[] => when(node.kind !== 'directory', 'ENOTDIR')

const notRegular = (node: PlainNode): ErrnoCode[] => [
  ...when(node.kind === 'directory', 'EISDIR'),
  ...when(node.kind === 'symlink', 'EINVAL'),
]

const offsetProblems = (offset: number): ErrnoCode[] =>
  when(!Number.isInteger(offset) || offset < 0, 'EINVAL')

function nameProblems(name: string): ErrnoCode[] {
  const bytes = utf8.encode(name)
  const isWellFormed = new TextDecoder().decode(bytes) === name
  return [
    ...when(name === '', 'ENOENT'),
    ...when(/[/\0]/.test(name), 'EINVAL'),
    ...when(bytes.length > NAME_MAX, 'ENAMETOOLONG'),
    ...when(!isWellFormed, 'EILSEQ'),
  ]
}

function replaceProblems(node: PlainNode, replaced: PlainNode | undefined): ErrnoCode[] {
  if (replaced === undefined) return []
  if (node.kind !== 'directory') return when(replaced.kind === 'directory', 'EISDIR')
  if (replaced.kind !== 'directory') return ['ENOTDIR']
  return when(replaced.entries.size > 0, 'ENOTEMPTY')
}

function refuse(...problems: readonly (readonly ErrnoCode[])[]): void {
  const codes = problems.flat()
  // A Refusal is an outcome that the model predicts, not a failure of the test.
  if (codes.length > 0) throw new Refusal(codes)
}
