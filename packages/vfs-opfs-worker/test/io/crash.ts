// Crash enumeration of the store over a simulated OPFS. A workload runs once through the engine (life.ts);
// after every call that changed OPFS the states that a kill and a power cut may leave are derived, opened,
// and judged against everything that the program has seen. Some of the reopened stores are worked with and
// crashed again, with all that the first crash had left unflushed.

import { VfsError, walkToParent } from '@wasm-vfs/core'
import { ROOT_INO } from '@wasm-vfs/core/backend'
import type { Workload } from '@wasm-vfs/core/testing/crash'
import {
  fingerprint,
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import type { StoreLimits } from '../../src/io/store.ts'
import type { IoStoreOptions } from '../../src/io/io-store.ts'
import { setClock } from './clock.ts'
import { Judge } from './judge.ts'
import { describeNames, equal, Past, type Point } from './past.ts'
import { pattern, perform } from './perform.ts'
import {
  closeSession,
  openSession,
  type SessionEnvironment,
  type SimulatedSession,
} from './harness.ts'
import { live } from './life.ts'

export const SETTLING_MS = 60_000
export const START = 1_700_000_000_000

/** What a power cut takes of names: nothing, as if all had settled, or what it may. */
export type NameLoss = 'settled' | 'young'

type Crash = 'kill' | 'power'

export interface Limits {
  readonly points: number
  readonly exhaustiveMax: number
  readonly samples: number
}

/** The opening of one state in so many is crashed, too. */
const OPENINGS_ONE_IN = 3
/** One reopened store in so many goes on with a workload and is crashed again, in a session of these. */
const FOLLOW_ONE_IN = 12
const FOLLOW_LIMITS: Limits = { points: 6, exhaustiveMax: 4, samples: 4 }
/** What a power cut leaves of one moment of an opening. */
const OPENING_LIMITS = { exhaustiveMax: 2, samples: 2 }

export class CrashFailure extends Error {}

export interface Exploration {
  readonly options: Partial<IoStoreOptions>
  readonly sizes?: Partial<StoreLimits>
  /** See SessionEnvironment. */
  readonly scarce?: boolean
  readonly names: NameLoss
  readonly limits: Limits
  /** What a session after a crash does. */
  readonly followUp: (random: SeededRandom) => Workload
  /** Opens the store once and closes it before the workload; without it the store is made by it. */
  readonly foundation?: Workload
}

/** A crash of one session at one moment. */
interface Trial {
  readonly point: Point
  readonly past: Past
  readonly exploration: Exploration
  /** Of the same session. */
  readonly tried: Set<string>
  /** No crash came before. */
  readonly isFirst: boolean
}

export class Explorer {
  readonly states: Set<string> = new Set()
  trials = 0
  readonly #random: SeededRandom

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  async explore(workload: Workload, exploration: Exploration): Promise<void> {
    setClock(START)
    const opfs = new SimulatedOpfs({ image: await this.#foundation(exploration) })
    const past = new Past()
    const session = await openSession(opfs, exploration.options, environmentOf(exploration))
    past.record(session.vfs, -Infinity)
    await this.#liveAndCrash(session, workload, past, exploration, exploration.limits)
  }

  async #liveAndCrash(
    session: SimulatedSession,
    workload: Workload,
    past: Past,
    exploration: Exploration,
    limits: Limits,
    isFirst = true,
  ): Promise<void> {
    try {
      const points = await live(session, workload, past, this.#random)
      await this.#crashEverywhere(points, past, exploration, limits, isFirst)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      const session = isFirst ? 'the session' : 'a session after a crash'
      const operations = workload.map((each) => each.join(' ')).join('; ')
      throw new CrashFailure(`${said}\n${session}: ${operations}`, { cause: error })
    }
  }

  async #foundation({ foundation, options }: Exploration): Promise<DirectoryImage> {
    const opfs = new SimulatedOpfs()
    if (foundation !== undefined) {
      const session = await openSession(opfs, options)
      for (const operation of foundation) perform(session.vfs, operation, 0, [])
      await session.vfs.sync()
      await closeSession(session)
    }
    return settle(opfs.image())
  }

  async #crashEverywhere(
    points: readonly Point[],
    past: Past,
    exploration: Exploration,
    limits: Limits,
    isFirst: boolean,
  ): Promise<void> {
    const tried = new Set<string>()
    for (const point of points) {
      if (!this.#random.chance(limits.points / points.length)) continue
      const trial = { point, past, exploration, tried, isFirst }
      await this.#tryCrash(trial, point.image, 'kill')
      const loss = new PowerLoss(point.image, {
        now: point.now,
        settlingMs: settlingOf(exploration),
      })
      for (const selection of selections(loss, limits, this.#random)) {
        await this.#tryCrash(trial, loss.state(selection), 'power')
      }
    }
  }

  async #tryCrash(trial: Trial, image: DirectoryImage, crash: Crash, again = false): Promise<void> {
    const { point, past, exploration, tried } = trial
    const known = past.acknowledgedAt(point).length
    const state = fingerprint(settle(image))
    this.states.add(state)
    const key = `${crash} ${state} ${known} ${point.operation}`
    if (tried.has(key)) return
    tried.add(key)
    this.trials++
    const now = point.now + 1
    setClock(now)
    const opfs = new SimulatedOpfs({ image })
    const opening: DirectoryImage[] = []
    if (!again && this.trials % OPENINGS_ONE_IN === 0) {
      opfs.watcher.changed = () => opening.push(opfs.image())
    }
    const young = crash === 'power' && exploration.names === 'young'
    const about = `${crash} in operation ${point.operation}${point.done ? ' (done)' : ''}: `
    let session: SimulatedSession
    try {
      session = await openSession(opfs, exploration.options, environmentOf(exploration))
    } catch (error) {
      if (!young || !isMissingNames(error))
        throw new CrashFailure(`${about}${String(error)}`, { cause: error })
      if (!error.message.includes('missing')) return
      session = await openSession(
        opfs,
        { ...exploration.options, acceptMissing: true },
        environmentOf(exploration),
      )
      await goOn(session, young)
      return
    }
    opfs.watcher.changed = () => {}
    // What a crash leaves while an open completes or undoes is opened, too.
    for (const each of opening.filter(() => this.#random.chance(4 / opening.length))) {
      await this.#tryCrash(trial, each, crash, true)
      const loss = new PowerLoss(each, { now, settlingMs: settlingOf(exploration) })
      for (const selection of selections(loss, OPENING_LIMITS, this.#random)) {
        await this.#tryCrash(trial, loss.state(selection), 'power', true)
      }
    }
    if (young) {
      if (this.trials % 4 === 0) await goOn(session, young)
      return
    }
    const level = exploration.options.durability ?? 'strict'
    const problem = new Judge(past, point, crash, level).problem(session.vfs)
    if (problem !== undefined) throw new CrashFailure(`${about}${problem}`)
    if (trial.isFirst && this.trials % FOLLOW_ONE_IN === 0) {
      await this.#follow(session, exploration)
    } else if (this.trials % 4 === 0) await goOn(session, young)
  }

  async #follow(session: SimulatedSession, exploration: Exploration): Promise<void> {
    const workload = exploration.followUp(this.#random)
    // What an open shows is on storage, and what it does not show is gone for good.
    const past = Past.of(session.vfs)
    await this.#liveAndCrash(session, workload, past, exploration, FOLLOW_LIMITS, false)
  }
}

function settlingOf({ names }: Exploration): number {
  return names === 'settled' ? 0 : SETTLING_MS
}

function environmentOf({ sizes, scarce = false }: Exploration): SessionEnvironment {
  return { scarce, ...(sizes && { limits: sizes }) }
}

function isMissingNames(error: unknown): error is VfsError {
  return (
    error instanceof VfsError && /missing|never settled|holds something else/.test(error.message)
  )
}

/** The reopened store takes new work, closes, and has it all when it is opened again. */
async function goOn(session: SimulatedSession, young: boolean): Promise<void> {
  const { vfs, opfs } = session
  for (const path of ['/new', '/newer']) {
    const { parent, name } = walkToParent(vfs, path)
    const ino = vfs.create(parent, name, 0o644)
    vfs.write(ino, pattern(999_999, 0, 3000), 0)
  }
  await vfs.sync()
  vfs.unlink(ROOT_INO, '/new'.slice(1))
  const expected = new Past()
  expected.record(vfs, 0)
  await closeSession(session)
  const again = await openSession(opfs)
  const seen = new Past()
  seen.record(again.vfs, 0)
  // What a power cut has brought back, where something new is to come, is put aside, also by the landing.
  const isOurs = ([path]: [string, string]): boolean => !young || !/\.other-\d+(\/|$)/.test(path)
  const [before, after] = [expected, seen].map(({ names }) =>
    describeNames(new Map([...names[0]!].filter(isOurs))),
  )
  if (before !== after) throw new CrashFailure(`after going on:\n${before}\nbecame\n${after}`)
  for (const [ino, versions] of expected.versions) {
    if (equal(versions[0]!.bytes, seen.versions.get(ino)?.[0]?.bytes ?? new Uint8Array(0))) continue
    throw new CrashFailure(`after going on, inode ${ino} has other bytes`)
  }
}

function settle(image: DirectoryImage): DirectoryImage {
  const loss = new PowerLoss(image, { now: Infinity, settlingMs: 0 })
  return loss.state(loss.counts.map((count) => count - 1))
}
