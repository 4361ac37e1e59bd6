// A program at work on an open Vfs: carries out the operations of a workload through the contract, and looks
// at everything that the store shows. Knows nothing of crashes; session.ts writes down what came of it.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  VfsError,
  walk,
  walkToParent,
  type Attributes,
  type Ino,
  type Vfs,
} from '../../contract/index.ts'
import type { Observation, TreeEntry } from './history.ts'
import { describeOperation, pattern, type Operation } from './operations.ts'
import type { Outcome, Program } from './target.ts'

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }
type Done = Omit<Outcome, 'touched' | 'error'>

/** The bytes that a `write`, `zeros` or `append` writes at `at`. */
export function bytesOf(operation: Operation, stamp: number, at: number): Uint8Array {
  switch (operation[0]) {
    case 'write':
      return pattern(stamp, at, operation[3])
    case 'zeros':
      return new Uint8Array(operation[3])
    case 'append':
      return pattern(stamp, at, operation[2])
    default:
      throw new TypeError(`${operation[0]} writes no bytes`)
  }
}

/** What a `symlink` leads to: a path of its own, so that one that leads elsewhere is noticed. */
export function targetOf(operation: Operation): string {
  const [, path, length] = operation as readonly ['symlink', string, number]
  return `nowhere${path.replaceAll('/', '-')}`.padEnd(length, 'x').slice(0, length)
}

export class VfsProgram implements Program {
  readonly vfs: Vfs
  readonly hardLinks: boolean
  readonly root: Attributes
  readonly #held: Ino[] = []
  // What the operation under way is about.
  readonly #concerned = new Set<Ino>()

  constructor(vfs: Vfs) {
    this.vfs = vfs
    this.hardLinks = vfs.capabilities.hardLinks
    this.root = vfs.getattr(ROOT_INO)
  }

  async perform(operation: Operation, stamp: number): Promise<Outcome> {
    this.#concerned.clear()
    const done: Mutable<Partial<Outcome>> = {}
    try {
      await this.#perform(operation, stamp, done)
    } catch (error) {
      if (!(error instanceof VfsError)) {
        throw new Error(`${describeOperation(operation)} threw no VfsError`, { cause: error })
      }
      done.error = error
    }
    return { ...done, touched: operation[0] === 'close' ? [] : this.#touched() }
  }

  observe(): Observation {
    return observe(this.vfs)
  }

  async #perform(operation: Operation, stamp: number, done: Mutable<Done>): Promise<void> {
    const { vfs } = this
    switch (operation[0]) {
      case 'create': {
        const { parent, name } = this.#parentOf(operation[1])
        done.ino = this.#about(vfs.create(parent, name, 0o644))
        return
      }
      case 'mkdir': {
        const { parent, name } = this.#parentOf(operation[1])
        done.ino = this.#about(vfs.mkdir(parent, name, 0o755))
        return
      }
      case 'symlink': {
        const { parent, name } = this.#parentOf(operation[1])
        done.ino = this.#about(vfs.symlink(parent, name, targetOf(operation)))
        return
      }
      case 'write':
      case 'zeros':
        done.ino = this.#find(operation[1])
        done.at = operation[2]
        this.#write(operation, stamp, done)
        return
      case 'append':
        done.ino = this.#find(operation[1])
        done.at = vfs.getattr(done.ino).size
        this.#write(operation, stamp, done)
        return
      case 'read': {
        const [, path, at, length] = operation
        done.ino = this.#find(path)
        const bytes = new Uint8Array(length)
        done.bytes = bytes.subarray(0, vfs.read(done.ino, bytes, at))
        return
      }
      case 'truncate':
        done.ino = this.#find(operation[1])
        vfs.truncate(done.ino, operation[2])
        return
      case 'chmod':
        done.ino = this.#find(operation[1])
        vfs.setattr(done.ino, { mode: operation[2] })
        return
      case 'utimes': {
        const [, path, atime, mtime] = operation
        done.ino = this.#find(path)
        vfs.setattr(done.ino, { atime, mtime })
        return
      }
      case 'rename': {
        const from = this.#parentOf(operation[1])
        const to = this.#parentOf(operation[2])
        for (const { parent, name } of [from, to]) this.#mayBeAbout(parent, name)
        vfs.rename(from.parent, from.name, to.parent, to.name)
        return
      }
      case 'link': {
        const ino = this.#find(operation[1])
        const { parent, name } = this.#parentOf(operation[2])
        vfs.link(ino, parent, name)
        return
      }
      case 'unlink':
      case 'rmdir': {
        const { parent, name } = this.#parentOf(operation[1])
        this.#mayBeAbout(parent, name)
        vfs[operation[0]](parent, name)
        return
      }
      case 'hold': {
        const ino = this.#find(operation[1])
        vfs.acquire(ino)
        this.#held.push(ino)
        return
      }
      case 'letgo': {
        const ino = this.#held.shift()
        if (ino !== undefined) vfs.release(ino)
        return
      }
      case 'fsync':
        done.ino = this.#find(operation[1])
        vfs.fsync(done.ino)
        return
      case 'sync':
        await vfs.sync()
        return
      case 'housekeeping':
        await vfs.sync({ housekeepingOnly: true })
        return
      case 'relax':
        vfs.relaxDurability()
        return
      case 'load':
        vfs.atomicFirstLoad()
        return
      case 'close':
        this.#held.length = 0
        await vfs.close()
        return
      default:
        throw new TypeError(`${operation[0]} is no call of a file system`)
    }
  }

  #write(operation: Operation, stamp: number, done: Mutable<Done>): void {
    const ino = done.ino!
    const bytes = bytesOf(operation, stamp, done.at!)
    try {
      this.vfs.write(ino, bytes, done.at!)
    } catch (error) {
      if (error instanceof VfsError && isRegular(this.vfs, ino)) {
        const content = contentIfReadable(this.vfs, ino)
        if (content !== undefined) done.bytes = content
      }
      throw error
    }
  }

  #find(path: string): Ino {
    return this.#about(walk(this.vfs, path))
  }

  #parentOf(path: string): { parent: Ino; name: string } {
    const found = walkToParent(this.vfs, path)
    this.#concerned.add(found.parent)
    return found
  }

  #about(ino: Ino): Ino {
    this.#concerned.add(ino)
    return ino
  }

  #mayBeAbout(parent: Ino, name: string): void {
    if (!isDirectory(this.vfs.getattr(parent).mode)) return
    const ino = this.vfs.find(parent, name)
    if (ino !== undefined) this.#concerned.add(ino)
  }

  #touched(): Attributes[] {
    const touched: Attributes[] = []
    for (const ino of this.#concerned) {
      try {
        touched.push(this.vfs.getattr(ino))
      } catch (error) {
        // It has lost its last name.
        if (!(error instanceof VfsError) || error.code !== 'ESTALE') throw error
      }
    }
    return touched
  }
}

function isRegular(vfs: Vfs, ino: Ino): boolean {
  const { mode } = vfs.getattr(ino)
  return !isDirectory(mode) && !isSymlink(mode)
}

function contentOf(vfs: Vfs, ino: Ino): Uint8Array {
  const bytes = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, bytes, 0)
  return bytes
}

/** Undefined where reads fail, too. */
function contentIfReadable(vfs: Vfs, ino: Ino): Uint8Array | undefined {
  try {
    return contentOf(vfs, ino)
  } catch (error) {
    if (error instanceof VfsError) return undefined
    throw error
  }
}

/** Everything that the store shows. Attributes are as before what this reads moves access times. */
export function observe(vfs: Vfs): Observation {
  const entries: TreeEntry[] = []
  const files = new Map<Ino, Uint8Array>()
  const attributes = new Map<Ino, Attributes>([[ROOT_INO, vfs.getattr(ROOT_INO)]])
  const list = (directory: Ino, prefix: string): void => {
    for (const { name, ino } of vfs.readdir(directory)) {
      const path = `${prefix}/${name}`
      const { mode, size } = vfs.getattr(ino)
      if (!attributes.has(ino)) attributes.set(ino, vfs.getattr(ino))
      const kind = isDirectory(mode) ? 'directory' : isSymlink(mode) ? 'symlink' : 'file'
      const target = kind === 'symlink' ? vfs.readlink(ino) : undefined
      entries.push({ path, ino, kind, mode, size, target })
      if (kind === 'directory') list(ino, path)
      if (kind === 'file' && !files.has(ino)) files.set(ino, contentOf(vfs, ino))
    }
  }
  list(ROOT_INO, '')
  return { files, entries, attributes }
}
