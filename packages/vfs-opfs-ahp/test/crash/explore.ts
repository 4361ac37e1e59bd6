// Crash enumeration: runs a workload once, derives what a crash may leave after every physical call,
// opens each of these states with the backend, judges what it shows, goes on working with it, and
// crashes again.

import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Vfs } from '@wasm-vfs/core'
import {
  fingerprint,
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { vi } from 'vitest'
import type { History, Observation } from './history.ts'
import { judge, judgeOpen, type Crash, type Moment } from './judge.ts'
import { describeOperation, type Workload } from './operations.ts'
import { observe, Session, type Point } from './session.ts'
import {
  checkStore,
  diskOf,
  openStore,
  reseed,
  saysNeverSettled,
  SETTLING_MS,
  START,
  WINDOW_MS,
  type DiskName,
  type StoreOptions,
} from './store.ts'

/** A crash: after which point of the session, of what kind, and what a power cut left. */
export interface CrashChoice {
  readonly point: number
  readonly crash: Crash
  readonly selection?: readonly number[]
}

/** Everything needed to arrive at one crash state again. */
export interface Scenario {
  readonly disk: DiskName
  readonly options: StoreOptions
  readonly seed: number
  /** One for each session; each but a last one ends in a crash. */
  readonly steps: readonly { readonly workload: Workload; readonly crash?: CrashChoice }[]
}

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

/** A crash that broke the promise. */
export class CrashFailure extends Error {
  readonly scenario: Scenario

  constructor(scenario: Scenario, problems: readonly string[], cause?: unknown) {
    const last = scenario.steps.findLast(({ crash }) => crash !== undefined)
    const sessions = scenario.steps.map(
      ({ workload, crash }) =>
        `  ${workload.map((each) => describeOperation(each)).join('; ')}\n` +
        (crash === undefined ? '' : `  ${crash.crash} after point ${crash.point}\n`),
    )
    super(
      `${problems.join('\n')}\n${scenario.disk} disk, ${scenario.options.level}, ` +
        `seed ${scenario.seed}, ${last?.crash?.crash ?? 'no crash'}:\n${sessions.join('')}` +
        `run it again with CRASH_REPLAY=${save(scenario)} and this test file`,
      { cause },
    )
    this.scenario = scenario
  }
}

function save(scenario: Scenario): string {
  const folder = join(tmpdir(), 'wasm-vfs-crashes')
  mkdirSync(folder, { recursive: true })
  const text = JSON.stringify(scenario)
  const seed = new SeededRandom(text.length)
  const file = join(folder, `${scenario.seed}-${text.length}-${seed.next().toString(36)}.json`)
  writeFileSync(file, `${text}\n`)
  return file
}

/** What is promised of the session that crashed. */
interface Past {
  readonly history: History
  readonly moment: Moment
  readonly crash: Crash
}

interface OpenPoint extends Point {
  readonly past: Past
}

const STAMP_STEP = 100_000

export class Explorer {
  /** Fingerprints of the crash states tried, and how many openings that took. */
  readonly states: Set<string> = new Set()
  trials = 0
  readonly #random: SeededRandom
  readonly #followUp: (random: SeededRandom) => Workload

  constructor(seed: number, followUp: (random: SeededRandom) => Workload) {
    this.#random = new SeededRandom(seed)
    this.#followUp = followUp
  }

  /** Runs the workload on a disk and tries its crash states. Throws CrashFailure. */
  async explore(
    disk: DiskName,
    options: StoreOptions,
    workload: Workload,
    limits: Limits,
  ): Promise<void> {
    const seed = this.#random.next()
    const scenario: Scenario = { disk, options, seed, steps: [{ workload }] }
    const points = await this.#run(scenario, await diskOf(disk), START, undefined)
    if (points !== undefined) await this.#crashEverywhere(scenario, points, limits)
  }

  /** Goes one scenario's way again. Throws CrashFailure if it still fails. */
  async replay(scenario: Scenario): Promise<void> {
    let image = await diskOf(scenario.disk)
    let now = START
    let past: Past | undefined
    for (let count = 1; count <= scenario.steps.length; count++) {
      const steps = scenario.steps.slice(0, count)
      const points = await this.#run({ ...scenario, steps }, image, now, past)
      const { crash } = steps.at(-1)!
      if (crash === undefined || points === undefined) return
      const point = points[crash.point]!
      image = imageAfter(point, crash)
      now = point.now
      past = pastOf(point, crash.crash)
    }
    await this.#run({ ...scenario, steps: [...scenario.steps, { workload: [] }] }, image, now, past)
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
      await this.#tryCrash(scenario, point, kill, tried, limits)
      const loss = powerLossAt(point)
      for (const selection of selections(loss, limits, this.#random)) {
        const cut: CrashChoice = { point: index, crash: 'power', selection }
        await this.#tryCrash(scenario, point, cut, tried, limits)
      }
    }
  }

  async #tryCrash(
    scenario: Scenario,
    point: OpenPoint,
    choice: CrashChoice,
    tried: Set<string>,
    limits: Limits,
  ): Promise<void> {
    const image = imageAfter(point, choice)
    const state = `${choice.crash} ${fingerprint(settled(image))}`
    this.states.add(state)
    // The same state may come after more was acknowledged, or be all that more was to be seen of.
    const { history, moment } = point.past
    const known = history.acknowledgements.filter(
      ({ operation }) =>
        operation < moment.operation || (moment.done && operation === moment.operation),
    ).length
    const key = `${state} ${known}`
    if (tried.has(key)) return
    tried.add(key)
    const follow = limits.followOneIn > 0 && this.#random.chance(1 / limits.followOneIn)
    const workload = follow ? this.#followUp(this.#random) : []
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
      followOneIn: scenario.steps.length < 2 ? 4 : 0,
      followPoints: 4,
    })
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
    vi.clearAllTimers()
    vi.setSystemTime(now + 1)
    reseed(scenario.seed + scenario.steps.length)
    const opfs = new SimulatedOpfs({ image })
    const points: OpenPoint[] = []
    if (past !== undefined) {
      const { moment } = past
      opfs.watcher.changed = (call) =>
        points.push({ image: opfs.image(), moment, now: Date.now(), call, past })
    }
    const vfs = await this.#open(scenario, opfs, past)
    if (vfs === undefined) return undefined
    const { observed, reset } = this.#judge(scenario, vfs, past)
    if (reset) return undefined
    const { workload } = scenario.steps.at(-1)!
    const stamp = scenario.steps.length * STAMP_STEP
    const session = new Session(opfs, vfs, observed, { workload, stamp })
    try {
      await session.run()
      if (past !== undefined) await this.#finish(scenario, opfs, vfs, session)
    } catch (error) {
      if (error instanceof CrashFailure) throw error
      throw new CrashFailure(scenario, [`the session failed: ${String(error)}`], error)
    }
    opfs.kill()
    const { history } = session
    for (const point of session.points) {
      points.push({ ...point, past: { history, moment: point.moment, crash: 'kill' } })
    }
    return points
  }

  async #open(
    scenario: Scenario,
    opfs: SimulatedOpfs,
    past: Past | undefined,
  ): Promise<Vfs | undefined> {
    try {
      return await openStore(opfs, scenario.options)
    } catch (error) {
      const mayRefuse = past?.crash === 'power' && isYoung(scenario)
      if (mayRefuse && saysNeverSettled(error)) return undefined
      throw new CrashFailure(scenario, [`it does not open: ${String(error)}`], error)
    }
  }

  #judge(
    scenario: Scenario,
    vfs: Vfs,
    past: Past | undefined,
  ): { observed: Observation; reset: boolean } {
    let observed: Observation
    try {
      observed = observe(vfs)
    } catch (error) {
      throw new CrashFailure(scenario, [`it cannot be read: ${String(error)}`], error)
    }
    if (past === undefined) return { observed, reset: false }
    const { history, moment, crash } = past
    const promised = { level: scenario.options.level, windowMs: WINDOW_MS }
    const problems = judge(history, observed, moment, crash, promised)
    if (problems.length === 0) return { observed, reset: false }
    if (crash === 'power' && isYoung(scenario) && observed.tree === '') {
      return { observed, reset: true }
    }
    throw new CrashFailure(scenario, problems)
  }

  /** The reopened store takes new work, closes, and is sound inside. Its recorded points stay as they are. */
  async #finish(
    scenario: Scenario,
    opfs: SimulatedOpfs,
    vfs: Vfs,
    { history }: Session,
  ): Promise<void> {
    if (this.trials % FINISH_ONE_IN !== 0 && scenario.steps.at(-1)!.workload.length === 0) return
    const closing = new Session(opfs, vfs, observe(vfs), { workload: CLOSING, stamp: -STAMP_STEP })
    this.#expectExactly(scenario, history, vfs)
    await closing.run()
    this.#expectExactly(scenario, closing.history, vfs)
    await vfs.close()
    const problems = await checkStore(opfs.image())
    if (problems.length > 0) throw new CrashFailure(scenario, problems)
  }

  #expectExactly(scenario: Scenario, history: History, vfs: Vfs): void {
    const problems = judgeOpen(history, observe(vfs))
    if (problems.length > 0) throw new CrashFailure(scenario, problems)
  }
}

const FINISH_ONE_IN = 6

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
]

function isYoung(scenario: Scenario): boolean {
  return scenario.disk === 'empty' && Date.now() < START + SETTLING_MS
}

function pastOf(point: OpenPoint, crash: Crash): Past {
  // Two crashes in a row take what the worse of them takes.
  const worse = crash === 'power' || point.past.crash === 'power' ? 'power' : 'kill'
  return { ...point.past, crash: worse }
}

function powerLossAt({ image, now }: Point): PowerLoss {
  return new PowerLoss(image, { now, settlingMs: SETTLING_MS })
}

function imageAfter(point: Point, { crash, selection }: CrashChoice): DirectoryImage {
  return crash === 'kill' ? point.image : powerLossAt(point).state(selection!)
}

/** As the browser shows it, for a fingerprint. */
function settled(image: DirectoryImage): DirectoryImage {
  if (image.events.length === 0 && isClean(image)) return image
  const loss = new PowerLoss(image, { now: Infinity, settlingMs: 0 })
  return loss.state(loss.counts.map((count) => count - 1))
}

function isClean(image: DirectoryImage): boolean {
  for (const node of image.base.values()) {
    if (node.kind === 'file' ? node.changes.length > 0 : !isClean(node)) return false
  }
  return image.events.length === 0
}
