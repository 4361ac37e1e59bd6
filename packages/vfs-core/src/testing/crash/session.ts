// Runs a workload on a store and records it: the history of what was done, and a point after every
// physical call that changed something, from which a crash can be derived.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  VfsError,
  walk,
  walkToParent,
  type Ino,
  type Vfs,
} from '../../contract/index.ts'
import type { Call, DirectoryImage, SimulatedOpfs } from '../simulated-opfs/index.ts'
import { History, treeLine, type Level, type Observation, type ObservedEntry } from './history.ts'
import type { Moment } from './judge.ts'
import { describeOperation, pattern, type Operation, type Workload } from './operations.ts'
import type { SimulatedWorld } from './world.ts'

export interface Point {
  readonly image: DirectoryImage
  readonly moment: Moment
  /** By the simulated clock. */
  readonly now: number
  readonly call: Call | undefined
}

export interface Failure {
  readonly operation: number
  readonly error: VfsError
}

/** What POSIX refuses: the operation did nothing, and that is right. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ENOENT',
  'EEXIST',
  'ENOTEMPTY',
  'ENOTDIR',
  'EISDIR',
  'EINVAL',
  'EPERM',
])

export interface SessionOptions {
  readonly workload: Workload
  /** Makes the bytes of this session unlike those of every other. */
  readonly stamp: number
  readonly world: SimulatedWorld
  readonly level: Level
  /** Whether failures are expected; without it they are thrown. */
  readonly faulty?: boolean
}

export class Session {
  readonly history: History
  readonly points: Point[] = []
  readonly failures: Failure[] = []
  readonly #opfs: SimulatedOpfs
  readonly #vfs: Vfs
  readonly #options: SessionOptions
  readonly #held: Ino[] = []
  #closed = false

  /** The store has just been opened: what it shows is on storage. */
  constructor(opfs: SimulatedOpfs, vfs: Vfs, start: Observation, options: SessionOptions) {
    this.#opfs = opfs
    this.#vfs = vfs
    this.#options = options
    this.history = new History(start, ROOT_INO, vfs.getattr(ROOT_INO).mode, options.level)
  }

  /** The workload has closed the store. */
  get closed(): boolean {
    return this.#closed
  }

  async run(): Promise<void> {
    const { history } = this
    this.#opfs.watcher.changed = (call) => this.#addPoint(false, call)
    for (const operation of this.#options.workload) {
      history.begin()
      const startedAt = Date.now()
      const acknowledged = history.acknowledgements.length
      const enforcing = (await this.#attempt(operation)) && this.#enforces(operation)
      const until = operation[0] === 'wait' ? Date.now() : startedAt
      history.end(enforcing ? until : -Infinity)
      if (history.acknowledgements.length > acknowledged || enforcing)
        this.#addPoint(true, undefined)
    }
    delete this.#opfs.watcher.changed
  }

  #addPoint(done: boolean, call: Call | undefined): void {
    const moment = { operation: this.history.operation, done }
    this.points.push({ image: this.#opfs.image(), moment, now: Date.now(), call })
  }

  /** False if it was refused or failed. */
  async #attempt(operation: Operation): Promise<boolean> {
    try {
      await this.#perform(operation)
      return true
    } catch (error) {
      if (!(error instanceof VfsError)) {
        throw new Error(`${describeOperation(operation)} threw no VfsError`, { cause: error })
      }
      if (REFUSALS.has(error.code) && (error.operation === 'walk' || !isSync(operation)))
        return false
      if (this.#options.faulty !== true) throw error
      this.failures.push({ operation: this.history.operation, error })
      return false
    }
  }

  async #perform(operation: Operation): Promise<void> {
    const vfs = this.#vfs
    const { history } = this
    switch (operation[0]) {
      case 'create': {
        const { parent, name } = walkToParent(vfs, operation[1])
        history.created(operation[1], vfs.create(parent, name, 0o644), 'file', 0o644)
        return
      }
      case 'mkdir': {
        const { parent, name } = walkToParent(vfs, operation[1])
        history.created(operation[1], vfs.mkdir(parent, name, 0o755), 'directory', 0o755)
        return
      }
      case 'symlink': {
        const [, path, length] = operation
        const { parent, name } = walkToParent(vfs, path)
        const ino = vfs.symlink(parent, name, 'x'.repeat(length))
        history.created(path, ino, 'symlink', 0o777, length)
        return
      }
      case 'write':
      case 'zeros': {
        const [kind, path, at, length] = operation
        this.#write(walk(vfs, path), at, length, kind === 'zeros')
        return
      }
      case 'append': {
        const ino = walk(vfs, operation[1])
        this.#write(ino, vfs.getattr(ino).size, operation[2], false)
        return
      }
      case 'truncate': {
        const ino = walk(vfs, operation[1])
        vfs.truncate(ino, operation[2])
        history.truncated(ino, operation[2])
        return
      }
      case 'chmod': {
        const ino = walk(vfs, operation[1])
        vfs.setattr(ino, { mode: operation[2] })
        history.chmodded(ino, operation[2])
        return
      }
      case 'rename': {
        const from = walkToParent(vfs, operation[1])
        const to = walkToParent(vfs, operation[2])
        vfs.rename(from.parent, from.name, to.parent, to.name)
        history.renamed(operation[1], operation[2])
        return
      }
      case 'link': {
        const { parent, name } = walkToParent(vfs, operation[2])
        vfs.link(walk(vfs, operation[1]), parent, name)
        history.linked(operation[1], operation[2])
        return
      }
      case 'unlink':
      case 'rmdir': {
        const { parent, name } = walkToParent(vfs, operation[1])
        if (operation[0] === 'unlink') vfs.unlink(parent, name)
        else vfs.rmdir(parent, name)
        history.removed(operation[1])
        return
      }
      case 'hold': {
        const ino = walk(vfs, operation[1])
        vfs.acquire(ino)
        this.#held.push(ino)
        return
      }
      case 'letgo': {
        const ino = this.#held.shift()
        if (ino !== undefined) vfs.release(ino)
        return
      }
      case 'fsync': {
        const ino = walk(vfs, operation[1])
        history.askedToKeep()
        vfs.fsync(ino)
        history.acknowledged(ino, Date.now())
        return
      }
      case 'sync':
        history.askedToKeep()
        await vfs.sync()
        history.acknowledged(undefined, Date.now())
        return
      case 'housekeeping':
        await vfs.sync({ housekeepingOnly: true })
        return
      case 'wait':
        this.#options.world.advance(operation[1])
        return
      case 'busy':
        this.#options.world.setTime(Date.now() + operation[1])
        return
      case 'relax':
        vfs.relaxDurability()
        history.relaxed()
        return
      case 'close':
        history.askedToKeep()
        await vfs.close()
        this.#closed = true
        history.acknowledged(undefined, Date.now())
    }
  }

  /** After these a deadline that has passed must have been kept. */
  #enforces([kind, path]: Operation): boolean {
    if (kind !== 'fsync') return kind === 'wait' || kind === 'write' || kind === 'append'
    // An fsync of a directory does not look at the clock.
    const ino = this.history.inoOf(path)
    return ino !== undefined && this.history.files.has(ino)
  }

  #write(ino: Ino, at: number, length: number, zeros: boolean): void {
    const stamp = this.#options.stamp + this.history.operation
    const bytes = zeros ? new Uint8Array(length) : pattern(stamp, at, length)
    try {
      this.#vfs.write(ino, bytes, at)
    } catch (error) {
      if (error instanceof VfsError && !REFUSALS.has(error.code)) {
        this.history.mayHaveWritten(ino, bytes, at, contentOf(this.#vfs, ino))
      }
      throw error
    }
    this.history.wrote(ino, bytes, at)
  }
}

function isSync([kind]: Operation): boolean {
  return kind === 'fsync' || kind === 'sync' || kind === 'close' || kind === 'housekeeping'
}

function contentOf(vfs: Vfs, ino: Ino): Uint8Array {
  const bytes = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, bytes, 0)
  return bytes
}

/** Everything that the store shows. */
export function observe(vfs: Vfs): Observation {
  const entries: ObservedEntry[] = []
  const files = new Map<Ino, Uint8Array>()
  const list = (directory: Ino, prefix: string): void => {
    for (const { name, ino } of vfs.readdir(directory)) {
      const path = `${prefix}/${name}`
      const { mode, size } = vfs.getattr(ino)
      const kind = isDirectory(mode) ? 'directory' : isSymlink(mode) ? 'symlink' : 'file'
      entries.push({ path, ino, kind, mode, size })
      if (kind === 'directory') list(ino, path)
      if (kind === 'file' && !files.has(ino)) files.set(ino, contentOf(vfs, ino))
    }
  }
  list(ROOT_INO, '')
  const tree = entries
    .map((entry) => treeLine(entry))
    .sort()
    .join('\n')
  return { tree, files, entries }
}
