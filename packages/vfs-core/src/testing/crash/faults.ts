// The fault oracle: every physical call of a workload is failed once, in every way it can fail. The error reaches
// the caller, the program goes on after it and reads back what it sees, and after a kill or a power cut nothing
// acknowledged is lost. For any backend that a CrashTarget describes.

import { VfsError } from '../../contract/index.ts'
import {
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type Call,
  type DirectoryImage,
  type Fault,
} from '../simulated-opfs/index.ts'
import { Disks, START, type DiskName } from './disks.ts'
import type { History } from './history.ts'
import { judge, judgeOpen, type Crash, type Moment } from './judge.ts'
import { describeOperation, type Workload } from './operations.ts'
import { describeOptions } from './scenario.ts'
import { Session, SessionProblem } from './session.ts'
import { withoutPowerCut, type TreeStrategy } from './strategies.ts'
import type { CrashTarget, Program, StoreOptions } from './target.ts'
import type { SimulatedWorld } from './world.ts'

/** One workload whose calls are failed. */
export interface FaultAttempt {
  readonly disk: DiskName
  readonly options: StoreOptions
  readonly workload: Workload
  readonly seed: number
}

interface Injection {
  readonly at: number
  readonly call: Call
  readonly fault: Fault
}

type Complain = (problems: readonly string[], cause?: unknown) => void

/** Bytes unlike those of the session that made the disk. */
const STAMP = 50_000

export class FaultFailure extends Error {
  constructor(
    { disk, options, workload, seed }: FaultAttempt,
    injection: Injection,
    problems: readonly string[],
    cause?: unknown,
  ) {
    const operations = workload.map((each) => describeOperation(each)).join('; ')
    super(
      `${problems.join('\n')}\n${JSON.stringify(injection)}\n${disk} disk, ` +
        `${describeOptions(options)}, seed ${seed}: ${operations}`,
      { cause },
    )
  }
}

/** How a call of each kind can fail, given the bytes it is about. */
export function faultsOf({ kind, length = 0 }: Call): readonly Fault[] {
  const half = Math.floor(length / 2)
  switch (kind) {
    case 'write':
      return [{ throws: 'QuotaExceededError' }, { throws: 'UnknownError' }, { takes: half }]
    case 'truncate':
      return [{ throws: 'QuotaExceededError' }, { throws: 'UnknownError' }]
    case 'flush':
      return [{ throws: 'InvalidStateError' }, { losesChanges: true }]
    case 'read':
      return length > 1
        ? [{ throws: 'UnknownError' }, { takes: half }]
        : [{ throws: 'UnknownError' }]
    case 'close':
      return []
    default:
      return [{ throws: 'UnknownError' }]
  }
}

/** Fails calls of one backend. The world must have been entered. */
export class FaultOracle {
  /** How many calls have been failed. */
  injections = 0
  readonly #target: CrashTarget
  readonly #world: SimulatedWorld
  readonly #disks: Disks
  /** How the tree may look as long as the power has not failed. */
  readonly #unbroken: TreeStrategy

  constructor(target: CrashTarget, world: SimulatedWorld) {
    this.#target = target
    this.#unbroken = withoutPowerCut(target.tree)
    this.#world = world
    this.#disks = new Disks(target, world)
  }

  /** Fails each call of the workload, opening included, in each way. Throws FaultFailure. */
  async failEach(attempt: FaultAttempt): Promise<void> {
    const calls = await this.#callsOf(attempt)
    for (const [at, call] of calls.entries()) {
      for (const fault of faultsOf(call)) {
        await this.#inject(attempt, { at, call, fault })
        this.injections++
      }
    }
  }

  async #callsOf(attempt: FaultAttempt): Promise<Call[]> {
    const opfs = await this.#begin(attempt)
    const calls: Call[] = []
    const note = (call: Call): undefined => void calls.push(call)
    opfs.watcher.fault = note
    const program = await this.#open(opfs, attempt.options)
    delete opfs.watcher.fault
    const start = await program.observe()
    opfs.watcher.fault = note
    await new Session(opfs, program, start, {
      ...this.#common(opfs, attempt),
      isScarce: attempt.options.space !== undefined,
    }).run()
    opfs.kill()
    await program.kill?.()
    return calls
  }

  async #begin({ disk, seed, options }: FaultAttempt): Promise<SimulatedOpfs> {
    const image = await this.#disks.get(disk)
    this.#world.begin(seed, START)
    const opfs = new SimulatedOpfs({ image, now: () => this.#world.now })
    if (options.space !== undefined) opfs.quota = opfs.used + options.space
    return opfs
  }

  /** While simulated time goes on, because an open that meets a locked file tries again. */
  #open(opfs: SimulatedOpfs, options: StoreOptions): Promise<Program> {
    return this.#world.settle(this.#target.open(opfs, options))
  }

  #common(opfs: SimulatedOpfs, { workload, options }: FaultAttempt) {
    const { level } = options
    const open = (): Promise<Program> => this.#open(opfs, options)
    return {
      workload,
      stamp: STAMP,
      world: this.#world,
      level,
      strategy: this.#unbroken,
      open,
    }
  }

  async #inject(attempt: FaultAttempt, injection: Injection): Promise<void> {
    const complain: Complain = (problems, cause) => {
      if (problems.length > 0) throw new FaultFailure(attempt, injection, problems, cause)
    }
    const opfs = await this.#begin(attempt)
    let left = injection.at
    const failNow = (): Fault | undefined => (left-- === 0 ? injection.fault : undefined)
    opfs.watcher.fault = failNow
    const { program, refused } = await this.#openDespite(opfs, attempt, complain)
    delete opfs.watcher.fault
    const start = await program.observe()
    opfs.watcher.fault = failNow
    const session = new Session(opfs, program, start, {
      ...this.#common(opfs, attempt),
      hasFailed: () => left < 0,
    })
    try {
      await session.run()
    } catch (error) {
      if (!(error instanceof SessionProblem)) throw error
      complain([error.message], error)
    }
    delete opfs.watcher.fault
    opfs.quota = Infinity
    await this.#judge(opfs, session, refused, attempt, injection, complain)
    opfs.kill()
    await session.program.kill?.()
  }

  async #judge(
    opfs: SimulatedOpfs,
    session: Session,
    refused: boolean,
    attempt: FaultAttempt,
    { at, call, fault }: Injection,
    complain: Complain,
  ): Promise<void> {
    const { history, failures, program } = session
    const lost = call.kind === 'flush'
    // What the program sees is what it did, the failed operation left out.
    if (!session.closed) complain(await this.#lookAtOpen(session))

    // Killed here, or the power cut, nothing acknowledged is lost.
    // A flush that was put off and then failed takes what it covered, and takes it for good if it forgot
    // what was dirty.
    const windowMs = lost ? Infinity : this.#target.windowMs
    const forgot = 'losesChanges' in fault
    const moment = { operation: history.operation, done: true }
    const past = { history, moment, windowMs }
    await this.#expectKept(opfs.image(), forgot ? 'power' : 'kill', past, attempt, complain)
    const settlingMs = attempt.options.namesSettleAtOnce === true ? 0 : this.#target.settlingMs
    const loss = new PowerLoss(opfs.image(), { now: this.#world.now, settlingMs })
    if (attempt.disk !== 'empty') {
      const limits = { exhaustiveMax: 2, samples: 2 }
      for (const selection of selections(loss, limits, new SeededRandom(at))) {
        await this.#expectKept(loss.state(selection), 'power', past, attempt, complain)
      }
    }
    // After a failed flush, or a failed write that nobody waited for, the store says EIO until it is reopened;
    // otherwise it goes on.
    const mayRefuse = lost || this.#target.stopsReading === true
    const closed = session.closed
      ? !session.closeFailed
      : await this.#closeDespite(program, mayRefuse, complain)
    const isReported = refused || failures.length > 0 || !closed || session.hasFailedUnasked
    if (!isReported && !this.#target.absorbs(call)) {
      complain(['the fault was reported by no operation'])
    }
    if (!closed) return
    // A failure that is absorbed may leave the store without the mark of its close: the next session, which
    // takes it for one that was killed, finds everything and closes it soundly.
    if (this.#target.absorbs(call)) {
      await this.#expectKept(opfs.image(), 'kill', past, attempt, complain)
    } else complain(await this.#target.check(opfs.image()))
  }

  async #lookAtOpen({ history, program }: Session): Promise<string[]> {
    try {
      return judgeOpen(history, await program.observe(), this.#unbroken)
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      // That is how it says so, if nothing else has come after the failure.
      if (this.#target.stopsReading === true) return []
      return [`it cannot be read: ${error.message}`]
    }
  }

  /** Whether the store closed. */
  async #closeDespite(program: Program, mayRefuse: boolean, complain: Complain): Promise<boolean> {
    const { error } = await program.perform(['close'], 0)
    if (error !== undefined && !mayRefuse) complain([`close failed: ${error.message}`], error)
    return error === undefined
  }

  /** A failed open leaves nothing behind that would keep the next one, in the same tab, from opening. */
  async #openDespite(
    opfs: SimulatedOpfs,
    { options }: FaultAttempt,
    complain: Complain,
  ): Promise<{ program: Program; refused: boolean }> {
    try {
      return { program: await this.#open(opfs, options), refused: false }
    } catch (error) {
      if (!(error instanceof VfsError)) complain([`open threw ${String(error)}`], error)
    }
    try {
      return { program: await this.#open(opfs, options), refused: true }
    } catch (error) {
      complain([`the second open failed: ${String(error)}`], error)
      throw error
    }
  }

  async #expectKept(
    image: DirectoryImage,
    crash: Crash,
    past: { readonly history: History; readonly moment: Moment; readonly windowMs: number },
    { options }: FaultAttempt,
    complain: Complain,
  ): Promise<void> {
    const opfs = new SimulatedOpfs({ image, now: () => this.#world.now })
    const program = await this.#open(opfs, options).catch((error: unknown) => {
      complain([`after a ${crash} it does not open: ${String(error)}`], error)
      throw error
    })
    const { history, ...circumstances } = past
    const strategy = crash === 'power' ? this.#target.tree : this.#unbroken
    const observed = await program.observe()
    const problems = judge(history, observed, { ...circumstances, crash, strategy })
    complain(problems.map((problem) => `after a ${crash}: ${problem}`))
    const { error } = await program.perform(['close'], 0)
    if (error !== undefined) complain([`after a ${crash} it does not close: ${error.message}`])
    complain(await this.#target.check(opfs.image()))
    opfs.kill()
    await program.kill?.()
  }
}
