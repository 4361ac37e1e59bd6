// Crash enumeration of the store over a simulated OPFS. A workload runs once through the engine; after
// every call that changed OPFS the states that a kill and a power cut may leave are derived, opened, and
// judged against everything that the program has seen.

import { VfsError, walk, walkToParent, type Ino } from '@wasm-vfs/core'
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
import { done, pattern, perform } from './perform.ts'
import { closeSession, land, openSession, type SimulatedSession } from './harness.ts'

export const SETTLING_MS = 60_000
export const START = 1_700_000_000_000

/** What a power cut takes of names: nothing, as if all had settled, or what it may. */
export type NameLoss = 'settled' | 'young'

export interface Limits {
  readonly points: number
  readonly exhaustiveMax: number
  readonly samples: number
}

/** Between two operations a step of the landing follows another with this chance. */
const CATCH_UP = 0.5
/** The opening of one state in so many is crashed, too. */
const OPENINGS_ONE_IN = 3

export class CrashFailure extends Error {}

export interface Exploration {
  readonly options: Partial<IoStoreOptions>
  readonly sizes?: Partial<StoreLimits>
  readonly names: NameLoss
  readonly limits: Limits
  /** Opens the store once and closes it before the workload; without it the store is made by it. */
  readonly foundation?: Workload
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
    const points = await this.#run(opfs, workload, exploration, past)
    try {
      await this.#crashEverywhere(points, past, exploration)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      throw new CrashFailure(`${said}\n${workload.map((each) => each.join(' ')).join('; ')}`, {
        cause: error,
      })
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

  async #run(
    opfs: SimulatedOpfs,
    workload: Workload,
    exploration: Exploration,
    past: Past,
  ): Promise<Point[]> {
    const points: Point[] = []
    const session = await openSession(opfs, exploration.options, environmentOf(exploration))
    past.record(session.vfs, -Infinity)
    const addPoint = (done: boolean): void => {
      points.push({ image: opfs.image(), operation: past.names.length - 1, done, now: Date.now() })
    }
    // Between two operations the newest state that the program has seen is the one under way.
    opfs.watcher.changed = () => addPoint(false)
    const held: Ino[] = []
    const lastWrites = new Map<Ino, number>()
    for (const [index, operation] of workload.entries()) {
      const kind = operation[0]
      const startedAt = Date.now()
      const ino = done(() => walk(session.vfs, String(operation[1])))
      const acknowledges = kind === 'sync' || (kind === 'fsync' && ino !== undefined)
      if (acknowledges) past.firstSync = Math.min(past.firstSync, past.names.length)
      const performed = perform(session.vfs, operation, index + 1, held)
      if (kind === 'sync') await session.vfs.sync()
      if (performed && ino !== undefined && (kind === 'write' || kind === 'append')) {
        const { size } = session.vfs.getattr(ino)
        const [, , at, length] = operation as ['write', string, number, number]
        const [start, end] = kind === 'write' ? [at, at + length] : [size - at, size]
        lastWrites.set(ino, Math.max(start, Math.floor((end - 1) / 8192) * 8192))
      }
      // A wait lets the loop go to sleep, and any request looks at the clock.
      const keeps = kind === 'wait' || (performed && kind === 'fsync')
      past.record(session.vfs, keeps ? startedAt : -Infinity)
      await session.flush()
      if (kind === 'wait') await session.store.tick()
      if (!acknowledges || !performed) {
        await this.#catchUp(session)
        continue
      }
      const forwardFrom = (ino !== undefined && lastWrites.get(ino)) || 0
      const about = kind === 'sync' ? undefined : ino
      const operationNumber = past.names.length - 1
      past.acknowledgements.push({
        operation: operationNumber,
        ino: about,
        time: Date.now(),
        forwardFrom,
      })
      addPoint(true)
      await this.#catchUp(session)
    }
    await land(session)
    opfs.kill()
    return points
  }

  /** What the I/O worker does when it is not asked for anything. */
  async #catchUp({ store }: SimulatedSession): Promise<void> {
    while (store.isBehind && this.#random.chance(CATCH_UP)) await store.catchUp()
  }

  async #crashEverywhere(
    points: readonly Point[],
    past: Past,
    exploration: Exploration,
  ): Promise<void> {
    const { limits, names } = exploration
    const tried = new Set<string>()
    for (const point of points) {
      if (!this.#random.chance(limits.points / points.length)) continue
      await this.#tryCrash(point, point.image, 'kill', past, exploration, tried)
      const settlingMs = names === 'settled' ? 0 : SETTLING_MS
      const loss = new PowerLoss(point.image, { now: point.now, settlingMs })
      for (const selection of selections(loss, limits, this.#random)) {
        await this.#tryCrash(point, loss.state(selection), 'power', past, exploration, tried)
      }
    }
  }

  async #tryCrash(
    point: Point,
    image: DirectoryImage,
    crash: 'kill' | 'power',
    past: Past,
    exploration: Exploration,
    tried: Set<string>,
    again = false,
  ): Promise<void> {
    const known = past.acknowledgements.filter(
      ({ operation }) =>
        operation < point.operation || (operation === point.operation && point.done),
    ).length
    const state = fingerprint(settle(image))
    this.states.add(state)
    const key = `${crash} ${state} ${known} ${point.operation}`
    if (tried.has(key)) return
    tried.add(key)
    this.trials++
    setClock(point.now + 1)
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
      if (error.message.includes('never settled') || error.code === 'EEXIST') return
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
      await this.#tryCrash(point, each, crash, past, exploration, tried, true)
    }
    const level = exploration.options.durability ?? 'strict'
    if (!young) {
      const problem = new Judge(past, point, crash, level).problem(session.vfs)
      if (problem !== undefined) throw new CrashFailure(`${about}${problem}`)
    }
    if (this.trials % 4 === 0) await goOn(session, young)
  }
}

function environmentOf({ sizes }: Exploration): { limits?: Partial<StoreLimits> } {
  return sizes === undefined ? {} : { limits: sizes }
}

function isMissingNames(error: unknown): error is VfsError {
  return (
    error instanceof VfsError &&
    (error.code === 'EEXIST' || /missing|never settled/.test(error.message))
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
  // A file that a power cut has brought back, where a new one is to come, is put aside by the landing.
  const isOurs = ([path]: [string, string]): boolean => !young || !/\.other-\d+$/.test(path)
  const names = new Map([...seen.names[0]!].filter(isOurs))
  const [before, after] = [describeNames(expected.names[0]!), describeNames(names)]
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
