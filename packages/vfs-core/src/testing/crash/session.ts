// Runs a workload on a store and records it: the history of what was done, and a point after every
// physical call that changed something, from which a crash can be derived. What the store answers is compared
// with the model at once: what it refuses, what a read gives, what a store opened again shows.

import { VfsError } from '../../contract/index.ts'
import {
  SeededRandom,
  type Call,
  type DirectoryImage,
  type SimulatedOpfs,
} from '../simulated-opfs/index.ts'
import { History, type Level, type Observation } from './history.ts'
import { judgeOpen, type Moment } from './judge.ts'
import { describeOperation, type Operation, type Workload } from './operations.ts'
import { bytesOf, targetOf } from './program.ts'
import type { TreeStrategy } from './strategies.ts'
import type { Outcome, Program } from './target.ts'
import type { SimulatedWorld } from './world.ts'

export interface Point {
  readonly image: DirectoryImage
  readonly moment: Moment
  /** By true time. */
  readonly now: number
  readonly call: Call | undefined
}

export interface Failure {
  readonly operation: number
  readonly error: VfsError
}

/** A store that does not do what the model does, in a session that nothing has disturbed. */
export class SessionProblem extends Error {}

export interface SessionOptions {
  readonly workload: Workload
  /** Makes the bytes of this session unlike those of every other. */
  readonly stamp: number
  readonly world: SimulatedWorld
  readonly level: Level
  /** Where the power has never failed, `withoutPowerCut`. */
  readonly strategy: TreeStrategy
  /** Opens the store again that the workload has closed. */
  readonly open: () => Promise<Program>
  /** When names that the session finds were last changed; see History. */
  readonly nameTimes?: ReadonlyMap<string, number> | undefined
  /** There may be no space for what grows. */
  readonly isScarce?: boolean | undefined
  /**
   * Failures are expected: whether one has been injected. What is handed down by itself, when the program is
   * idle, reports no failure and is not relied upon from then on.
   */
  readonly hasFailed?: (() => boolean) | undefined
}

/** A program that has let timers run for so many milliseconds has been idle. */
const IDLE_MS = 100

export class Session {
  readonly history: History
  readonly points: Point[] = []
  /** Operations that failed, though POSIX refuses none of them. */
  readonly failures: Failure[] = []
  readonly #opfs: SimulatedOpfs
  readonly #options: SessionOptions
  readonly #random: SeededRandom
  #program: Program
  #isClosed = false
  #closeFailed = false
  /**
   * An injected failure came while nobody was waiting, in time that passed: it is nobody's, unless what it was
   * about is asked for again and fails again.
   */
  hasFailedUnasked = false
  // How long timers have been running since the last call.
  #idleMs = 0

  /** The store has just been opened: what it shows is on storage. */
  constructor(opfs: SimulatedOpfs, program: Program, start: Observation, options: SessionOptions) {
    this.#opfs = opfs
    this.#program = program
    this.#options = options
    this.#random = new SeededRandom(options.stamp + 1)
    const { level, nameTimes, world } = options
    this.history = new History(start, program.root, { level, nameTimes, now: world.now })
  }

  /** The workload has closed the store. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** A close has failed: the store is closed, with what was not on storage given up, and the session ends. */
  get closeFailed(): boolean {
    return this.#closeFailed
  }

  /** The store that the workload works on, or has closed. */
  get program(): Program {
    return this.#program
  }

  async run(): Promise<void> {
    const { history } = this
    const { world, workload } = this.#options
    this.#opfs.watcher.changed = (call) => this.#addPoint(false, call)
    for (const operation of workload) {
      if (this.#closeFailed) break
      if (this.#isClosed && !isPossibleWhenClosed(operation)) continue
      // So that each operation has a time of its own.
      world.setTime(world.now + 1)
      history.begin(world.now)
      const startedAt = world.now
      const acknowledged = history.acknowledgements.length
      const enforcing = (await this.#attempt(operation)) && this.#enforces(operation)
      const until = operation[0] === 'wait' ? world.now : startedAt
      history.end(enforcing ? until : -Infinity)
      if (history.acknowledgements.length > acknowledged || enforcing)
        this.#addPoint(true, undefined)
      if (!this.#isClosed) await this.#between()
    }
    delete this.#opfs.watcher.changed
  }

  async #between(): Promise<void> {
    if (this.#program.between === undefined) return
    this.#opfs.watcher.changed = (call) => this.#addPoint(true, call)
    await this.#unasked(() => this.#program.between!(this.#random))
    this.#opfs.watcher.changed = (call) => this.#addPoint(false, call)
  }

  async #unasked(work: () => void | Promise<void>): Promise<void> {
    const hadFailed = this.#options.hasFailed?.() === true
    await work()
    if (!hadFailed && this.#options.hasFailed?.() === true) this.hasFailedUnasked = true
  }

  #addPoint(done: boolean, call: Call | undefined): void {
    const moment = { operation: this.history.operation, done }
    this.points.push({ image: this.#opfs.image(), moment, now: this.#options.world.now, call })
  }

  /** False if it was refused or failed. */
  async #attempt(operation: Operation): Promise<boolean> {
    const { history } = this
    const { world, stamp } = this.#options
    switch (operation[0]) {
      case 'wait':
        await this.#unasked(() => this.#program.wait?.(operation[1]) ?? world.advance(operation[1]))
        this.#idleMs += operation[1]
        if (this.#idleMs >= IDLE_MS && !this.#isClosed && !this.#hasFailed()) history.wasIdle()
        return true
      case 'busy':
        world.setTime(world.now + operation[1])
        return true
      case 'clock':
        world.setClock(operation[1])
        return true
      case 'open':
        return this.#reopen()
      default:
    }
    const expected = history.refusals(operation, this.#program.hardLinks)
    if (isSync(operation) && operation[0] !== 'housekeeping' && expected.size === 0)
      history.askedToKeep()
    const outcome = await this.#program.perform(operation, stamp + history.operation)
    const { error } = outcome
    if (error === undefined) {
      if (expected.size > 0)
        this.#complain(operation, `succeeds, and should be ${[...expected].join(' or ')}`)
      this.#record(operation, outcome)
    } else if (!expected.has(error.code)) this.#failed(operation, outcome, error)
    if (!makesNoCall(operation)) {
      this.#idleMs = 0
      if (!this.#hasFailed() && error === undefined) history.called()
    }
    return error === undefined
  }

  #hasFailed(): boolean {
    return this.#options.hasFailed?.() === true || this.failures.length > 0
  }

  async #reopen(): Promise<boolean> {
    if (!this.#isClosed) return false
    const { history } = this
    const { strategy, level, open } = this.#options
    this.#program = await this.#openDespite(open)
    this.#isClosed = false
    this.#idleMs = 0
    history.reopened(level)
    const problems = judgeOpen(history, await this.#look(), strategy)
    if (problems.length > 0)
      throw new SessionProblem(`closed and opened again: ${problems.join('\n')}`)
    return true
  }

  /** What the store shows. No call of this is the program's, so none is made to fail. */
  async #look(): Promise<Observation> {
    const { watcher } = this.#opfs
    const { fault } = watcher
    delete watcher.fault
    const observed = await this.#program.observe()
    if (fault !== undefined) watcher.fault = fault
    return observed
  }

  /** An open that fails leaves nothing behind that would keep the next one from opening. */
  async #openDespite(open: () => Promise<Program>): Promise<Program> {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof VfsError) || this.#options.hasFailed?.() !== true) throw error
      this.failures.push({ operation: this.history.operation, error })
      return await open()
    }
  }

  #failed(operation: Operation, outcome: Outcome, error: VfsError): void {
    const { isScarce, hasFailed } = this.#options
    const isForSpace = isScarce === true && error.code === 'ENOSPC' && !isSync(operation)
    if (hasFailed === undefined && !isForSpace) {
      throw new SessionProblem(`${describeOperation(operation)} failed: ${error.message}`, {
        cause: error,
      })
    }
    this.failures.push({ operation: this.history.operation, error })
    if (operation[0] === 'close') this.#isClosed = this.#closeFailed = true
    const { ino, at, bytes, touched } = outcome
    // What was cut off cannot be brought back: a file that could not be emptied for good is empty.
    if (operation[0] === 'truncate' && operation[2] === 0 && touched[0]?.size === 0) {
      this.history.truncated(ino!, 0, false)
      this.history.sawTimes(touched[0], false)
    }
    const isFile = ino !== undefined && this.history.files.has(ino)
    if (operation[0] === 'truncate' && isFile) this.history.mayHaveResized(ino, operation[2])
    if (!isWrite(operation) || ino === undefined || at === undefined) return
    const stamp = this.#options.stamp + this.history.operation
    this.history.mayHaveWritten(ino, bytesOf(operation, stamp, at), at, bytes)
  }

  #complain(operation: Operation, what: string): never {
    throw new SessionProblem(`${describeOperation(operation)} ${what}`)
  }

  #record(operation: Operation, { ino, at, bytes, touched }: Outcome): void {
    const { history } = this
    const { stamp, world } = this.#options
    switch (operation[0]) {
      case 'create':
        history.created(operation[1], ino!, 'file', 0o644)
        break
      case 'mkdir':
        history.created(operation[1], ino!, 'directory', 0o755)
        break
      case 'symlink':
        history.created(operation[1], ino!, 'symlink', 0o777, targetOf(operation))
        break
      case 'write':
      case 'zeros':
      case 'append':
        history.wrote(ino!, bytesOf(operation, stamp + history.operation, at!), at!)
        break
      case 'read':
        this.#compare(operation, history.bytesAt(ino!, operation[2], operation[3]), bytes!)
        break
      case 'truncate':
        history.truncated(ino!, operation[2])
        break
      case 'chmod':
        history.chmodded(ino!, operation[2])
        break
      case 'rename':
        history.renamed(operation[1], operation[2])
        break
      case 'link':
        history.linked(operation[1], operation[2])
        break
      case 'unlink':
      case 'rmdir':
        history.removed(operation[1])
        break
      case 'fsync':
        history.acknowledged(ino, world.now)
        break
      case 'close':
        this.#isClosed = true
        history.acknowledged(undefined, world.now, 'close')
        break
      case 'sync':
        history.acknowledged(undefined, world.now)
        break
      case 'relax':
        history.relaxed()
        break
      case 'load':
        history.loading()
        break
      default:
    }
    const isExplicit = operation[0] === 'chmod' || operation[0] === 'utimes'
    for (const attributes of touched) {
      history.sawTimes(attributes, isExplicit && attributes.ino === ino)
    }
  }

  #compare(operation: Operation, expected: Uint8Array, read: Uint8Array): void {
    if (read.length !== expected.length) {
      this.#complain(operation, `gives ${read.length} bytes instead of ${expected.length}`)
    }
    const at = read.findIndex((byte, index) => byte !== expected[index])
    if (at === -1) return
    const [, , from] = operation as readonly ['read', string, number, number]
    this.#complain(operation, `gives ${read[at]} instead of ${expected[at]} at ${from + at}`)
  }

  /** After these a deadline that has passed must have been kept. */
  #enforces([kind, path]: Operation): boolean {
    if (kind !== 'fsync') return kind === 'wait' || kind === 'write' || kind === 'append'
    // An fsync of a directory does not look at the clock.
    const ino = this.history.inoOf(path)
    return ino !== undefined && this.history.files.has(ino)
  }
}

function isSync([kind]: Operation): boolean {
  return kind === 'fsync' || kind === 'sync' || kind === 'close' || kind === 'housekeeping'
}

function isWrite([kind]: Operation): boolean {
  return kind === 'write' || kind === 'zeros' || kind === 'append'
}

function isPossibleWhenClosed([kind]: Operation): boolean {
  return kind === 'wait' || kind === 'busy' || kind === 'clock' || kind === 'open'
}

/** None that an idle program would have to be woken by. */
function makesNoCall([kind]: Operation): boolean {
  return kind === 'relax' || kind === 'letgo'
}
