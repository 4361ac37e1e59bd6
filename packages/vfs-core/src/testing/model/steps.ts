// One operation, carried out by the file system under test and by the model, and the comparison of
// what each made of it: the same result, or a refusal with a code that the model allows.

import {
  VfsError,
  type AttributeChanges,
  type ErrnoCode,
  type Ino,
  type Vfs,
} from '../../contract/index.ts'
import { check, ConformanceFailure, equal } from '../assert.ts'
import { pattern, unreadBuffer } from '../content.ts'
import { compareWithModel, TYPES } from './compare.ts'
import type { Choice, Operation, Place, Position } from './operations.ts'
import {
  PlainFs,
  Refusal,
  type Changes,
  type PlainDirectory,
  type PlainNode,
  type Span,
} from './plain-fs.ts'

/** The clock of a file system may be a little out of step with the `Date.now()` around a call. */
const CLOCK_TOLERANCE_MS = 50

const GONE_REMEMBERED_MAX = 8

type Outcome<T> = { readonly value: T } | { readonly code: ErrnoCode }

export interface NamedPlace {
  readonly directory: PlainDirectory
  readonly name: string
}

/** The file system under test and the model beside it. */
export class Pair {
  vfs: Vfs
  readonly model: PlainFs
  /** What was done so far, one line per operation, for a failure's message. */
  readonly trace: string[] = []
  readonly #reopen: () => Promise<Vfs>
  readonly #known = new Set<Ino>()
  #gone: Ino[] = []

  constructor(vfs: Vfs, reopen: () => Promise<Vfs>) {
    this.vfs = vfs
    this.#reopen = reopen
    const { ino, mode, mtime } = vfs.getattr(vfs.lookup(1, '.'))
    const now = { min: mtime, max: mtime }
    this.model = new PlainFs({ ino, permissions: mode, now }, vfs.capabilities.hardLinks)
    this.#known.add(ino)
  }

  /** Throws at the first difference. Returns whether the operation succeeded. */
  async step(operation: Operation): Promise<boolean> {
    const before = this.model.nodes()
    const succeeded = await this.#perform(operation)
    const after = new Set(this.model.nodes())
    const gone = before.filter((node) => !after.has(node)).map((node) => node.ino)
    this.#gone = [...this.#gone, ...gone].slice(-GONE_REMEMBERED_MAX)
    return succeeded
  }

  /** Holds the whole of the file system against the model. */
  compare(): void {
    compareWithModel(this.vfs, this.model, this.#gone)
  }

  async #perform(operation: Operation): Promise<boolean> {
    switch (operation.do) {
      case 'sync':
        this.trace.push(operation.housekeepingOnly ? 'sync(housekeepingOnly)' : 'sync()')
        await this.vfs.sync({ housekeepingOnly: operation.housekeepingOnly })
        return true
      case 'remount':
        this.trace.push('remount')
        this.compare()
        this.vfs = await this.#reopen()
        this.model.remount()
        return true
      case 'mkdir':
      case 'create':
      case 'symlink':
        return this.#make(operation)
      case 'lookup': {
        const { directory, name } = this.#place(operation.place)
        return this.#both(
          `lookup(${this.#show(directory)}, ${quote(name)})`,
          () => this.vfs.lookup(directory.ino, name),
          () => this.model.lookup(directory, name)?.ino,
          // Where a removed directory's dot-dot leads is nobody's promise.
          (found, expected) => expected === undefined || found === expected,
        )
      }
      case 'link': {
        const node = this.#node(operation.on)
        const { directory, name } = this.#place(operation.place)
        return this.#both(
          `link(${this.#show(node)}, ${this.#show(directory)}, ${quote(name)})`,
          () => this.vfs.link(node.ino, directory.ino, name),
          (now) => this.model.link(node, directory, name, now),
        )
      }
      case 'unlink':
      case 'rmdir': {
        const { directory, name } = this.#place(operation.place)
        return this.#both(
          `${operation.do}(${this.#show(directory)}, ${quote(name)})`,
          () => this.vfs[operation.do](directory.ino, name),
          (now) => this.model[operation.do](directory, name, now),
        )
      }
      case 'rename': {
        const from = this.#place(operation.place)
        const to = this.#place(operation.to)
        return this.#both(
          `rename(${this.#show(from.directory)}, ${quote(from.name)}, ` +
            `${this.#show(to.directory)}, ${quote(to.name)})`,
          () => this.vfs.rename(from.directory.ino, from.name, to.directory.ino, to.name),
          (now) => this.model.rename(from.directory, from.name, to.directory, to.name, now),
        )
      }
      default:
        return this.#onNode(operation, this.#node(operation.on))
    }
  }

  #make(operation: Extract<Operation, { do: 'mkdir' | 'create' | 'symlink' }>): boolean {
    const { directory, name } = this.#place(operation.place)
    const { vfs, model } = this
    const detail = operation.do === 'symlink' ? quote(operation.target) : octal(operation.mode)
    let made: Ino = 0
    return this.#both(
      `${operation.do}(${this.#show(directory)}, ${quote(name)}, ${detail})`,
      () => {
        if (operation.do === 'symlink') made = vfs.symlink(directory.ino, name, operation.target)
        else made = vfs[operation.do](directory.ino, name, operation.mode)
        return made
      },
      (now) => {
        if (operation.do === 'symlink') {
          const { target } = operation
          model.checkSymlink(directory, name, target)
          this.#checkNew(made)
          // Who makes a symlink does not choose its permissions; nothing looks at them.
          const permissions = made === 0 ? 0 : vfs.getattr(made).mode
          return model.symlink(directory, name, target, { ino: made, permissions, now }).ino
        }
        model.checkNewName(directory, name)
        this.#checkNew(made)
        const make = { ino: made, permissions: operation.mode, now }
        return model[operation.do](directory, name, make).ino
      },
    )
  }

  /** A number given out before must not come again, whatever became of its inode. */
  #checkNew(ino: Ino): void {
    if (ino === 0) return
    check(!this.#known.has(ino), `inode ${ino} was given out before`)
    this.#known.add(ino)
  }

  #onNode(operation: OnNode, node: PlainNode): boolean {
    const { vfs, model } = this
    const { ino } = node
    const shown = this.#show(node)
    switch (operation.do) {
      case 'readlink':
        return this.#both(
          `readlink(${shown})`,
          () => vfs.readlink(ino),
          () => model.readlink(node),
        )
      case 'readdir':
        return this.#both(
          `readdir(${shown})`,
          () => vfs.readdir(ino),
          () => {
            const entries = model.readdir(node)
            return entries.map(([name, each]) => ({ name, ino: each.ino, type: TYPES[each.kind] }))
          },
        )
      case 'read': {
        const at = positionIn(node, operation.at)
        const buffer = unreadBuffer(operation.length)
        return this.#both(
          `read(${shown}, ${operation.length} bytes, ${at})`,
          () => buffer.subarray(0, vfs.read(ino, buffer, at)),
          () => model.read(node, at, operation.length),
        )
      }
      case 'write': {
        const at = positionIn(node, operation.at)
        const { length, seed } = operation
        const from = seed === 0 ? new Uint8Array(length) : pattern(length, seed)
        return this.#both(
          `write(${shown}, ${length} bytes${seed === 0 ? ' of zeros' : ''}, ${at})`,
          () => {
            // A copy that is spoiled at once: no store may keep the caller's buffer.
            const buffer = from.slice()
            const written = vfs.write(ino, buffer, at)
            buffer.fill(0xee)
            return written
          },
          (now) => {
            model.write(node, from, at, now)
            return length
          },
        )
      }
      case 'truncate': {
        const size = positionIn(node, operation.size)
        return this.#both(
          `truncate(${shown}, ${size})`,
          () => vfs.truncate(ino, size),
          (now) => model.truncate(node, size, now),
        )
      }
      case 'setattr': {
        const changes = changesOf(node, operation)
        return this.#both(
          `setattr(${shown}, ${JSON.stringify(changes)})`,
          () => vfs.setattr(ino, changes as AttributeChanges),
          (now) => model.setattr(node, changes, now),
        )
      }
      case 'acquire':
      case 'release':
        return this.#both(
          `${operation.do}(${shown})`,
          () => vfs[operation.do](ino),
          () => model[operation.do](node),
        )
      case 'fsync':
        return this.#both(
          `fsync(${shown}${operation.dataOnly ? ', dataOnly' : ''})`,
          () => vfs.fsync(ino, { dataOnly: operation.dataOnly }),
          () => undefined,
        )
    }
  }

  /** Does it on both sides and compares; the file system goes first, so that `now` spans its work. */
  #both<T, M>(
    line: string,
    real: () => T,
    plain: (now: Span) => M,
    agree?: (found: T, expected: M) => boolean,
  ): boolean {
    this.trace.push(line)
    const min = Date.now() - CLOCK_TOLERANCE_MS
    const found = outcomeOf(real)
    const now = { min, max: Date.now() + CLOCK_TOLERANCE_MS }
    this.trace[this.trace.length - 1] += 'code' in found ? ` -> ${found.code}` : ''
    let expected: M
    try {
      expected = plain(now)
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      const codes = [...refusal.codes]
      if ('code' in found && refusal.codes.has(found.code)) return false
      const got = 'code' in found ? found.code : 'success'
      throw new ConformanceFailure(`${line}: expected ${codes.join(' or ')}, got ${got}`)
    }
    if ('code' in found) {
      throw new ConformanceFailure(`${line}: expected success, got ${found.code}`)
    }
    if (agree === undefined) equal(found.value, expected, line)
    else
      check(
        agree(found.value, expected),
        `${line}: expected ${String(expected)}, got ${String(found.value)}`,
      )
    return true
  }

  // ---- What the ranks of an operation mean at this moment.

  /** The root where there is none of the kind asked for. */
  #node(choice: Choice): PlainNode {
    const nodes = this.model.nodes()
    if ('file' in choice) return pick(ofKind(nodes, 'file'), choice.file) ?? this.model.root
    if ('symlink' in choice)
      return pick(ofKind(nodes, 'symlink'), choice.symlink) ?? this.model.root
    if ('held' in choice) return pick(nodes.filter(isHeld), choice.held) ?? this.model.root
    return pick(nodes, choice.node)!
  }

  #place(place: Place): NamedPlace {
    const directories = this.model.directories()
    if ('entry' in place) {
      const entries = this.model.entries()
      if (entries.length === 0) return { directory: this.model.root, name: 'missing' }
      return entries[place.entry % entries.length]!
    }
    return { directory: directories[place.directory % directories.length]!, name: place.name }
  }

  #show(node: PlainNode): string {
    if (node === this.model.root) return '/'
    const names: string[] = []
    let at = node
    while (at !== this.model.root) {
      const entry = this.model.entries().find((each) => each.node === at)
      if (entry === undefined) return `inode ${node.ino}, unlinked`
      names.unshift(entry.name.length > 20 ? `${entry.name.slice(0, 20)}…` : entry.name)
      at = entry.directory
    }
    return `/${names.join('/')}`
  }
}

type OnNode = Exclude<
  Operation,
  { do: 'sync' | 'remount' | 'mkdir' | 'create' | 'symlink' | 'lookup' | 'link' } | PlaceOnly
>
type PlaceOnly = { do: 'unlink' | 'rmdir' | 'rename' }

function outcomeOf<T>(act: () => T): Outcome<T> {
  try {
    return { value: act() }
  } catch (error) {
    if (error instanceof VfsError) return { code: error.code }
    throw new ConformanceFailure(`threw what is no VfsError: ${String(error)}`, { cause: error })
  }
}

/** Counted from the last, so that the smallest rank is the newest. */
function pick<T>(candidates: readonly T[], rank: number): T | undefined {
  return candidates[candidates.length - 1 - (rank % candidates.length)]
}

function ofKind(nodes: readonly PlainNode[], kind: PlainNode['kind']): PlainNode[] {
  return nodes.filter((node) => node.kind === kind)
}

const isHeld = (node: PlainNode): boolean => node.held > 0

function positionIn(node: PlainNode, position: Position): number {
  if ('start' in position) return position.start
  const size = node.kind === 'file' ? node.bytes.length : 0
  return Math.max(0, size + position.end)
}

function changesOf(
  node: PlainNode,
  { mode, size, mtime, ctime }: Extract<Operation, { do: 'setattr' }>,
): Changes {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(size === undefined ? {} : { size: positionIn(node, size) }),
    ...(mtime === undefined ? {} : { mtime }),
    ...(ctime === undefined ? {} : { ctime }),
  }
}

const quote = (text: string): string =>
  JSON.stringify(text.length > 20 ? `${text.slice(0, 20)}…(${text.length})` : text)

const octal = (mode: number): string => `0o${mode.toString(8)}`
