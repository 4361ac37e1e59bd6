// Crash enumeration: runs a workload once, derives what a crash may leave after every physical call,
// opens each of these states with the backend, judges what it shows, goes on working with it, and
// crashes again.

import { VfsError } from '../../contract/index.ts'
import {
  fingerprint,
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '../simulated-opfs/index.ts'
import { Disks, everythingOnStorage, START, type DiskName } from './disks.ts'
import type { History, Observation } from './history.ts'
import { acknowledgedAt, judge, judgeOpen, type Crash, type Moment } from './judge.ts'
import { kindsOf, type Kind } from './kinds.ts'
import type { Workload } from './operations.ts'
import {
  CrashFailure,
  recordSelection,
  selectionOf,
  type CrashChoice,
  type Scenario,
} from './scenario.ts'
import { Session, type Point } from './session.ts'
import { withoutPowerCut, type TreeStrategy } from './strategies.ts'
import type { CrashTarget, Program, StoreOptions } from './target.ts'
import type { SimulatedWorld } from './world.ts'

export interface Limits {
  /** Crash points tried of one session; further ones are left out at random. */
  readonly points: number
  /** Power cuts tried at one point: all if there are no more than this, else so many samples. */
  readonly exhaustiveMax: number
  readonly samples: number
  /** One state in so many is worked with and crashed again. */
  readonly followOneIn: number
  /** Crash points tried of the session that follows, its opening included. */
  readonly followPoints: number
}

/** What the session after a crash does; `sessions` says how many there were. */
export type FollowUp = (random: SeededRandom, sessions: number) => Workload

/** What is promised of the session that crashed. */
interface Past {
  readonly history: History
  readonly moment: Moment
  readonly crash: Crash
  /** Paths that an open has been told to go on without; it may have ended before it logged that. */
  readonly accepted: readonly string[]
}

interface OpenPoint extends Point {
  readonly past: Past
}

interface Opened {
  readonly program: Program
  /** Paths that the open has reported as missing, and was told to go on without. */
  readonly missing: readonly string[]
}

const STAMP_STEP = 100_000
/** One reopened store in so many takes new work, closes and is checked inside. */
const FINISH_ONE_IN = 6
const SESSIONS_MAX = 3

/** New files get space that must read as zeros, whoever had it before. */
const CLOSING: Workload = [
  ['create', '/new'],
  ['truncate', '/new', 40_000],
  ['write', '/new', 8192, 5000],
  ['create', '/newer'],
  ['truncate', '/newer', 3000],
  ['fsync', '/new'],
  ['unlink', '/new'],
  ['sync'],
  ['truncate', '/newer', 20_000],
  ['close'],
  ['open'],
  ['close'],
]

/** Explores one backend. The world must have been entered. */
export class Explorer {
  /** Fingerprints of the crash states tried, and how many openings that took. */
  readonly states: Set<string> = new Set()
  trials = 0
  /** How many of the states are of each kind. */
  readonly kinds: Map<Kind, number> = new Map()
  readonly #target: CrashTarget
  readonly #world: SimulatedWorld
  readonly #disks: Disks
  readonly #random: SeededRandom
  readonly #followUp: FollowUp
  /** How the tree may look as long as the power has not failed. */
  readonly #unbroken: TreeStrategy

  constructor(
    target: CrashTarget,
    world: SimulatedWorld,
    seed: number,
    followUp: FollowUp = () => [],
  ) {
    this.#target = target
    this.#world = world
    this.#disks = new Disks(target, world)
    this.#random = new SeededRandom(seed)
    this.#followUp = followUp
    this.#unbroken = withoutPowerCut(target.tree)
  }

  /** Runs the workload on a disk and tries its crash states. Throws CrashFailure. */
  async explore(
    disk: DiskName,
    options: StoreOptions,
    workload: Workload,
    limits: Limits,
  ): Promise<void> {
    const seed = this.#random.next()
    await this.exploreLast({ disk, options, seed, steps: [{ workload }] }, limits)
  }

  /** Goes the way of a scenario and tries the crash states of its last session. Throws CrashFailure. */
  async exploreLast(scenario: Scenario, limits: Limits): Promise<void> {
    const points = await this.#go(scenario)
    if (points !== undefined) await this.#crashEverywhere(scenario, points, limits)
  }

  /** Goes one scenario's way again. Throws CrashFailure if it fails, TypeError if there is no such way. */
  async replay(scenario: Scenario): Promise<void> {
    const ended = scenario.steps.at(-1)!.crash === undefined
    const steps = ended ? scenario.steps : [...scenario.steps, { workload: [] }]
    await this.#go({ ...scenario, steps })
  }

  /** The crash points of the last session; undefined if a store on the way was rightly refused. */
  async #go(scenario: Scenario): Promise<OpenPoint[] | undefined> {
    let image = await this.#disks.get(scenario.disk)
    let now = START
    let past: Past | undefined
    for (let count = 1; ; count++) {
      const steps = scenario.steps.slice(0, count)
      const points = await this.#run({ ...scenario, steps }, image, now, past)
      if (points === undefined || count === scenario.steps.length) return points
      const { crash } = steps.at(-1)!
      const point = crash && points[crash.point]
      if (point === undefined) throw new TypeError('the scenario has a crash that does not exist')
      image = this.#imageAfter(scenario, point, crash!)
      now = point.now
      past = pastOf(point, crash!.crash)
    }
  }

  async #crashEverywhere(
    scenario: Scenario,
    points: readonly OpenPoint[],
    limits: Limits,
  ): Promise<void> {
    const tried = new Set<string>()
    const share = limits.points / points.length
    for (const [index, point] of points.entries()) {
      if (!this.#random.chance(share)) continue
      const kill: CrashChoice = { point: index, crash: 'kill' }
      await this.#tryCrash(scenario, point, kill, point.image, tried, limits)
      const loss = this.#powerLossAt(scenario, point)
      for (const options of selections(loss, limits, this.#random)) {
        const selection = recordSelection(options, loss.counts)
        const cut: CrashChoice = { point: index, crash: 'power', selection }
        await this.#tryCrash(scenario, point, cut, loss.state(options), tried, limits)
      }
    }
  }

  async #tryCrash(
    scenario: Scenario,
    point: OpenPoint,
    choice: CrashChoice,
    image: DirectoryImage,
    tried: Set<string>,
    limits: Limits,
  ): Promise<void> {
    const state = `${choice.crash} ${fingerprint(shown(image))}`
    this.#count(state, scenario)
    // The same state may come after more was acknowledged, or be all that more was to be seen of.
    const { history, moment } = point.past
    const known = acknowledgedAt(history, moment).length
    const key = `${state} ${known}`
    if (tried.has(key)) return
    tried.add(key)
    const sessions = scenario.steps.length
    const follow = limits.followOneIn > 0 && this.#random.chance(1 / limits.followOneIn)
    const workload = follow ? this.#followUp(this.#random, sessions) : []
    const steps = [
      ...scenario.steps.slice(0, -1),
      { ...scenario.steps.at(-1)!, crash: choice },
      { workload },
    ]
    const next = { ...scenario, steps }
    const points = await this.#run(next, image, point.now, pastOf(point, choice.crash))
    if (points === undefined || !follow) return
    await this.#crashEverywhere(next, points, {
      points: limits.followPoints,
      exhaustiveMax: 4,
      samples: 3,
      followOneIn: sessions + 1 < SESSIONS_MAX ? 4 : 0,
      followPoints: 4,
    })
  }

  #count(state: string, scenario: Scenario): void {
    if (this.states.has(state)) return
    this.states.add(state)
    for (const kind of kindsOf(scenario, this.#target.handlesMin)) {
      this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1)
    }
  }

  /**
   * Opens what a crash left, judges it and runs the last workload of the scenario on it. Returns its
   * crash points, those of the opening first; undefined if the store was rightly refused or reset.
   */
  async #run(
    scenario: Scenario,
    image: DirectoryImage,
    now: number,
    past: Past | undefined,
  ): Promise<OpenPoint[] | undefined> {
    this.trials++
    const { options } = scenario
    this.#world.begin(scenario.seed + scenario.steps.length, now + 1)
    const opfs = new SimulatedOpfs({ image, now: () => this.#world.now })
    if (options.space !== undefined) opfs.quota = opfs.used + options.space
    const points: OpenPoint[] = []
    let accepted = past?.accepted ?? []
    if (past !== undefined) {
      const { moment } = past
      opfs.watcher.changed = (call) => {
        const { now } = this.#world
        points.push({ image: opfs.image(), moment, now, call, past: { ...past, accepted } })
      }
    }
    const opened = await this.#open(scenario, opfs, past, (paths) => {
      accepted = [...accepted, ...paths]
    })
    if (opened === undefined) return undefined
    const { program, missing } = opened
    try {
      const { observed, reset } = await this.#judge(scenario, program, past, missing)
      if (reset) return undefined
      const session = this.#session(scenario, opfs, opened, observed, past)
      await this.#work(scenario, opfs, session, past)
      opfs.kill()
      const { history } = session
      for (const point of session.points) {
        const { moment } = point
        points.push({ ...point, past: { history, moment, crash: 'kill', accepted: missing } })
      }
      return points
    } finally {
      opfs.kill()
      await program.kill?.()
    }
  }

  async #work(
    scenario: Scenario,
    opfs: SimulatedOpfs,
    session: Session,
    past: Past | undefined,
  ): Promise<void> {
    try {
      await session.run()
      if (past !== undefined) await this.#finish(scenario, opfs, session)
    } catch (error) {
      if (error instanceof CrashFailure) throw error
      throw new CrashFailure(scenario, [`the session failed: ${String(error)}`], error)
    }
  }

  #session(
    scenario: Scenario,
    opfs: SimulatedOpfs,
    { program }: Opened,
    observed: Observation,
    past: Past | undefined,
  ): Session {
    const { options, steps } = scenario
    const { workload } = steps.at(-1)!
    return new Session(opfs, program, observed, {
      ...this.#common(scenario, opfs),
      workload,
      stamp: steps.length * STAMP_STEP,
      isScarce: options.space !== undefined,
      nameTimes: past?.history.nameTimes,
    })
  }

  #common(scenario: Scenario, opfs: SimulatedOpfs) {
    const { options } = scenario
    const { level } = options
    const open = (): Promise<Program> => this.#world.settle(this.#target.open(opfs, options))
    return { level, world: this.#world, strategy: this.#strategy(scenario), open }
  }

  async #open(
    scenario: Scenario,
    opfs: SimulatedOpfs,
    past: Past | undefined,
    accepting: (paths: readonly string[]) => void,
  ): Promise<Opened | undefined> {
    const open = (acceptMissing?: true): Promise<Program> =>
      this.#world.settle(this.#target.open(opfs, scenario.options, acceptMissing))
    try {
      return { program: await open(), missing: [] }
    } catch (error) {
      const refusal = past && this.#target.refusal(error)
      if (refusal?.kind === 'never settled' && past!.crash === 'power' && this.#isYoung(scenario))
        return undefined
      if (refusal?.kind !== 'missing') {
        throw new CrashFailure(scenario, [`it does not open: ${String(error)}`], error)
      }
      const old = refusal.paths.filter((path) => !this.#mayBeMissing(path, past!))
      if (old.length > 0) {
        const problem = `reported as missing, and had settled: ${old.join(', ')}`
        throw new CrashFailure(scenario, [problem], error)
      }
      accepting(refusal.paths)
      return { program: await open(true), missing: refusal.paths }
    }
  }

  /** Or was before, and the session that was told to go on without it has logged nothing. */
  #mayBeMissing(path: string, { history, moment, crash, accepted }: Past): boolean {
    const tree = history.trees[Math.min(moment.operation, history.trees.length - 1)]!
    if (crash === 'kill') {
      return accepted.includes(path) && !tree.some((entry) => entry.path === path)
    }
    if (accepted.includes(path)) return true
    const changed = history.nameTimes.get(path)
    return changed !== undefined && changed + this.#target.settlingMs > this.#world.now - 2
  }

  async #judge(
    scenario: Scenario,
    program: Program,
    past: Past | undefined,
    missing: readonly string[],
  ): Promise<{ observed: Observation; reset: boolean }> {
    let observed: Observation
    try {
      observed = await program.observe()
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      throw new CrashFailure(scenario, [`it cannot be read: ${String(error)}`], error)
    }
    if (past === undefined) return { observed, reset: false }
    const { history, moment, crash, accepted } = past
    const { windowMs } = this.#target
    const strategy = this.#strategy(scenario)
    const problemsWithout = (missing: readonly string[]): string[] =>
      judge(history, observed, { moment, crash, windowMs, strategy, missing })
    let problems = problemsWithout(missing)
    if (problems.length > 0 && crash === 'power' && accepted.length > 0) {
      problems = problemsWithout([...missing, ...accepted])
    }
    if (problems.length === 0) return { observed, reset: false }
    if (crash === 'power' && this.#isYoung(scenario) && observed.entries.length === 0) {
      return { observed, reset: true }
    }
    throw new CrashFailure(scenario, problems)
  }

  /** The reopened store takes new work, closes, and is sound inside. Its recorded points stay as they are. */
  async #finish(scenario: Scenario, opfs: SimulatedOpfs, session: Session): Promise<void> {
    if (this.trials % FINISH_ONE_IN !== 0 && scenario.steps.at(-1)!.workload.length === 0) return
    // What is short of space has its own workloads.
    opfs.quota = Infinity
    if (!session.closed) {
      const { program, history } = session
      const options = { ...this.#common(scenario, opfs), workload: CLOSING, stamp: -STAMP_STEP }
      const closing = new Session(opfs, program, await program.observe(), options)
      await this.#expectExactly(scenario, history, program)
      await closing.run()
    }
    const problems = await this.#target.check(opfs.image())
    if (problems.length > 0) throw new CrashFailure(scenario, problems)
  }

  async #expectExactly(scenario: Scenario, history: History, program: Program): Promise<void> {
    const problems = judgeOpen(history, await program.observe(), this.#strategy(scenario))
    if (problems.length > 0) throw new CrashFailure(scenario, problems)
  }

  #strategy({ steps }: Scenario): TreeStrategy {
    return steps.some(({ crash }) => crash?.crash === 'power') ? this.#target.tree : this.#unbroken
  }

  #isYoung(scenario: Scenario): boolean {
    return scenario.disk === 'empty' && this.#world.now < START + this.#target.settlingMs
  }

  #powerLossAt({ options }: Scenario, { image, now }: Point): PowerLoss {
    const settlingMs = options.namesSettleAtOnce === true ? 0 : this.#target.settlingMs
    return new PowerLoss(image, { now, settlingMs })
  }

  #imageAfter(scenario: Scenario, point: Point, { crash, selection }: CrashChoice): DirectoryImage {
    if (crash === 'kill') return point.image
    const loss = this.#powerLossAt(scenario, point)
    const options = selection && selectionOf(selection, loss.counts)
    if (options === undefined) throw new TypeError('the scenario has a selection that does not fit')
    return loss.state(options)
  }
}

function pastOf(point: OpenPoint, crash: Crash): Past {
  // Two crashes in a row take what the worse of them takes.
  const worse = crash === 'power' || point.past.crash === 'power' ? 'power' : 'kill'
  return { ...point.past, crash: worse }
}

/** As the browser shows it, for a fingerprint. */
function shown(image: DirectoryImage): DirectoryImage {
  return image.events.length === 0 && isClean(image) ? image : everythingOnStorage(image)
}

function isClean(image: DirectoryImage): boolean {
  for (const node of image.base.values()) {
    if (node.kind === 'file' ? node.changes.length > 0 : !isClean(node)) return false
  }
  return image.events.length === 0
}
