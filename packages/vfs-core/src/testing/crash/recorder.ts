// Records what a real program does to a store, as Session does for a workload: the history of its calls,
// and points at which a crash is worth trying. The program works on `vfs`, which passes everything on.

import { ROOT_INO, VfsError, type Ino, type Vfs } from '../../contract/index.ts'
import type { Call, SeededRandom, SimulatedOpfs } from '../simulated-opfs/index.ts'
import { History, type Level } from './history.ts'
import { observe } from './program.ts'
import type { Point } from './session.ts'

export interface RecorderOptions {
  readonly level: Level
  /** One physical call in so many becomes a point. */
  readonly pointOneIn: number
  readonly random: SeededRandom
}

const PERMISSIONS = 0o7777

export class Recorder {
  /** What the program is given. */
  readonly vfs: Vfs
  readonly history: History
  readonly points: Point[] = []
  readonly #opfs: SimulatedOpfs
  readonly #store: Vfs
  readonly #options: RecorderOptions

  /** The store has just been opened: what it shows is on storage. */
  constructor(opfs: SimulatedOpfs, store: Vfs, options: RecorderOptions) {
    this.#opfs = opfs
    this.#store = store
    this.#options = options
    const start = observe(store)
    const { level } = options
    this.history = new History(start, store.getattr(ROOT_INO), { level, now: Date.now() })
    const recorded = this.#recorded()
    this.vfs = new Proxy(store, {
      get(target, key: keyof Vfs) {
        if (key in recorded) return recorded[key]
        const value: unknown = target[key]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    opfs.watcher.changed = (call) => this.#addPoint(false, call)
  }

  /** No more points. */
  stop(): void {
    delete this.#opfs.watcher.changed
  }

  #addPoint(done: boolean, call: Call | undefined): void {
    if (!this.#options.random.chance(1 / this.#options.pointOneIn)) return
    const moment = { operation: this.history.operation, done }
    this.points.push({ image: this.#opfs.image(), moment, now: Date.now(), call })
  }

  /** The calls that change something or ask for something to be kept. */
  #recorded(): Partial<Vfs> {
    const store = this.#store
    const { history } = this
    const at = (parent: Ino, name: string): string => `${history.pathOf(parent)}/${name}`
    return {
      create: (parent, name, mode) =>
        this.#operation([parent], () => {
          const ino = store.create(parent, name, mode)
          history.created(at(parent, name), ino, 'file', mode & PERMISSIONS)
          this.#saw(ino)
          return ino
        }),
      mkdir: (parent, name, mode) =>
        this.#operation([parent], () => {
          const ino = store.mkdir(parent, name, mode)
          history.created(at(parent, name), ino, 'directory', mode & PERMISSIONS)
          this.#saw(ino)
          return ino
        }),
      symlink: (parent, name, target) =>
        this.#operation([parent], () => {
          const ino = store.symlink(parent, name, target)
          history.created(at(parent, name), ino, 'symlink', 0o777, target)
          this.#saw(ino)
          return ino
        }),
      link: (ino, parent, name) =>
        this.#operation([parent, ino], () => {
          const from = this.#nameOf(ino)
          store.link(ino, parent, name)
          if (from !== undefined) history.linked(from, at(parent, name))
        }),
      unlink: (parent, name) =>
        this.#operation([parent, store.find(parent, name)], () => {
          store.unlink(parent, name)
          history.removed(at(parent, name))
        }),
      rmdir: (parent, name) =>
        this.#operation([parent], () => {
          store.rmdir(parent, name)
          history.removed(at(parent, name))
        }),
      rename: (parent, name, newParent, newName) =>
        this.#operation(
          [parent, newParent, store.find(parent, name), store.find(newParent, newName)],
          () => {
            store.rename(parent, name, newParent, newName)
            history.renamed(at(parent, name), at(newParent, newName))
          },
        ),
      write: (ino, from, position) =>
        this.#operation([ino], (started) => {
          const length = store.write(ino, from, position)
          history.wrote(ino, from, position)
          this.#enforced = started
          return length
        }),
      truncate: (ino, size) =>
        this.#operation([ino], () => {
          store.truncate(ino, size)
          history.truncated(ino, size)
        }),
      setattr: (ino, changes) =>
        this.#operation([], () => {
          store.setattr(ino, changes)
          if (changes.size !== undefined) history.truncated(ino, changes.size)
          if (changes.mode !== undefined) history.chmodded(ino, changes.mode)
          history.sawTimes(store.getattr(ino), true)
        }),
      fsync: (ino, options) => {
        this.#operation([], (started) => {
          history.askedToKeep()
          store.fsync(ino, options)
          history.acknowledged(ino, Date.now())
          if (history.files.has(ino)) this.#enforced = started
        })
        this.#addPoint(true, undefined)
      },
      atomicFirstLoad: () => {
        store.atomicFirstLoad()
        history.loading()
      },
      sync: (options) =>
        this.#asynchronous(options?.housekeepingOnly !== true, () => store.sync(options)),
      close: () => this.#asynchronous(true, () => store.close()),
    }
  }

  // The time at which the operation under way has looked at the deadlines.
  #enforced = -Infinity

  /** `inos`: what has its times moved, where there is such an inode. */
  #operation<Result>(
    inos: readonly (Ino | undefined)[],
    perform: (started: number) => Result,
  ): Result {
    this.history.begin(Date.now())
    this.#enforced = -Infinity
    try {
      const result = perform(Date.now())
      for (const ino of inos) this.#saw(ino)
      return result
    } finally {
      this.history.end(this.#enforced)
    }
  }

  #saw(ino: Ino | undefined): void {
    if (ino === undefined) return
    try {
      this.history.sawTimes(this.#store.getattr(ino), false)
    } catch (error) {
      // It has lost its last name.
      if (!(error instanceof VfsError) || error.code !== 'ESTALE') throw error
    }
  }

  async #asynchronous(keeps: boolean, perform: () => Promise<void>): Promise<void> {
    const { history } = this
    history.begin(Date.now())
    if (keeps) history.askedToKeep()
    try {
      await perform()
      if (keeps) history.acknowledged(undefined, Date.now())
    } finally {
      history.end(-Infinity)
    }
    if (keeps) this.#addPoint(true, undefined)
  }

  #nameOf(ino: Ino): string | undefined {
    return observe(this.#store).entries.find((entry) => entry.ino === ino)?.path
  }
}
