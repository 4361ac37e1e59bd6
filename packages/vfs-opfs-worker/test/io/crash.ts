// Crash enumeration of the store over a simulated OPFS. A workload runs once through the engine; after
// every call that changed OPFS the states that a kill and a power cut may leave are derived, opened, and
// judged against everything that the program has seen.

import { VfsError, walk, walkToParent, type Ino, type Vfs } from '@wasm-vfs/core'
import { isDirectory, ROOT_INO, S_IFREG } from '@wasm-vfs/core/backend'
import type { Operation, Workload } from '@wasm-vfs/core/testing/crash'
import {
  fingerprint,
  PowerLoss,
  SECTOR_SIZE,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { vi } from 'vitest'
import type { StoreLimits } from '../../src/io/store.ts'
import type { IoStoreOptions } from '../../src/io/io-store.ts'
import { closeSession, land, openSession, type SimulatedSession } from './harness.ts'

export const SETTLING_MS = 60_000
export const WINDOW_MS = 500
export const START = 1_700_000_000_000

/** What a power cut takes of names: nothing, as if all had settled, or what it may. */
export type NameLoss = 'settled' | 'young'

export interface Limits {
  readonly points: number
  readonly exhaustiveMax: number
  readonly samples: number
}

interface Version {
  readonly operation: number
  readonly bytes: Uint8Array
}

interface Acknowledgement {
  readonly operation: number
  /** Undefined: everything. */
  readonly ino: Ino | undefined
  readonly time: number
  /** First byte of the last page written to the file before it. */
  readonly forwardFrom: number
}

interface Point {
  readonly image: DirectoryImage
  readonly operation: number
  readonly done: boolean
  readonly now: number
}

/** Path to inode and kind, after one operation. */
type Names = ReadonlyMap<string, string>

const REGULAR = ` ${S_IFREG}`

/** What the program has done and seen. */
class Past {
  readonly names: Names[] = []
  readonly versions = new Map<Ino, Version[]>()
  readonly acknowledgements: Acknowledgement[] = []
  /** Files that took the name of one that the session found: from then on their bytes are relied upon. */
  readonly replacements: { readonly operation: number; readonly ino: Ino }[] = []
  /** Deadlines up to this time have been kept, by operation. */
  readonly keptUntil: number[] = []
  firstSync = Infinity
  readonly #nameChanges = new Map<Ino, number[]>()

  record(vfs: Vfs, keptUntil: number): void {
    const operation = this.names.length
    const names = new Map<string, string>()
    const add = (directory: Ino, prefix: string): void => {
      for (const { name, ino, type } of vfs.readdir(directory)) {
        names.set(`${prefix}/${name}`, `${ino} ${type}`)
        if (isDirectory(type)) add(ino, `${prefix}/${name}`)
        else this.#content(vfs, ino, operation)
      }
    }
    add(ROOT_INO, '')
    const before = this.names.at(-1) ?? new Map<string, string>()
    for (const path of new Set([...before.keys(), ...names.keys()])) {
      if (before.get(path) === names.get(path)) continue
      const parent = path.slice(0, path.lastIndexOf('/'))
      const inos = [before.get(path), names.get(path)].map((each) =>
        Number.parseInt(each ?? '', 10),
      )
      const parents = [before.get(parent), names.get(parent)].map((each) =>
        parent === '' ? ROOT_INO : Number.parseInt(each ?? '', 10),
      )
      for (const ino of [...inos, ...parents]) {
        if (Number.isNaN(ino)) continue
        this.#nameChanges.set(ino, [...(this.#nameChanges.get(ino) ?? []), operation])
      }
    }
    for (const [path, what] of this.names[0] ?? []) {
      const [was, is] = [before.get(path), names.get(path)]
      if (was !== what || is === undefined || is === was || !is.endsWith(REGULAR)) continue
      this.replacements.push({ operation, ino: Number.parseInt(is, 10) })
    }
    this.names.push(names)
    this.keptUntil.push(Math.max(keptUntil, this.keptUntil.at(-1) ?? -Infinity))
  }

  lastNameChange(ino: Ino | undefined, until: number): number {
    if (ino === undefined) return until
    return Math.max(0, ...(this.#nameChanges.get(ino) ?? []).filter((each) => each <= until))
  }

  #content(vfs: Vfs, ino: Ino, operation: number): void {
    if ((vfs.getattr(ino).mode & 0o170000) !== 0o100000) return
    const bytes = new Uint8Array(vfs.getattr(ino).size)
    vfs.read(ino, bytes, 0)
    const versions = this.versions.get(ino) ?? []
    const last = versions.at(-1)?.bytes
    if (last !== undefined && equal(last, bytes)) return
    this.versions.set(ino, [...versions, { operation, bytes }])
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
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
    vi.setSystemTime(START)
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
    vi.setSystemTime(point.now + 1)
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

class Judge {
  readonly #past: Past
  readonly #point: Point
  readonly #kept: readonly Acknowledgement[]
  readonly #atRisk: readonly Acknowledgement[]

  constructor(past: Past, point: Point, crash: string, level: string) {
    this.#past = past
    this.#point = point
    const made = past.acknowledgements.filter(
      ({ operation }) =>
        operation < point.operation || (operation === point.operation && point.done),
    )
    const returned = point.done ? point.operation : point.operation - 1
    const keptUntil = past.keptUntil[Math.max(returned, 0)]!
    const mayBeLost = ({ time }: Acknowledgement): boolean =>
      crash === 'power' && level === 'relaxed' && time + WINDOW_MS > keptUntil
    this.#kept = made.filter((each) => !mayBeLost(each))
    this.#atRisk = made.filter((each) => mayBeLost(each))
  }

  problem(vfs: Vfs): string | undefined {
    const seen = new Past()
    seen.record(vfs, 0)
    const names = seen.names[0]!
    const moments = this.#momentsWith(names)
    if (moments.length === 0) {
      const last = describeNames(this.#past.names[this.#point.operation]!)
      return `the names were never like this:\n${describeNames(names)}\nthe last were:\n${last}`
    }
    const latest = moments.at(-1)!
    for (const { operation, ino } of this.#kept) {
      const needed = this.#past.lastNameChange(ino, operation)
      if (latest >= needed || describeNames(this.#past.names[needed]!) === describeNames(names))
        continue
      return `operation ${operation} was acknowledged, but the names are those of operation ${latest}`
    }
    if (this.#point.operation < this.#past.firstSync && moments[0]! > 0) {
      return `nothing was synced, but the names are those of operation ${moments[0]}`
    }
    for (const [ino, [version]] of seen.versions) {
      const problem = this.#wrongContent(ino, version!.bytes, this.#since(ino, moments[0]!))
      if (problem !== undefined) return problem
    }
    return this.#brokenOrder(seen, moments)
  }

  #momentsWith(names: Names): number[] {
    const wanted = describeNames(names)
    const moments: number[] = []
    for (let operation = 0; operation <= this.#point.operation; operation++) {
      if (describeNames(this.#past.names[operation]!) === wanted) moments.push(operation)
    }
    return moments
  }

  #since(ino: Ino, moment: number): number {
    let since = 0
    for (const each of this.#past.replacements) {
      if (each.ino === ino && each.operation <= moment) since = Math.max(since, each.operation)
    }
    for (const each of this.#kept) {
      if (each.ino === undefined || each.ino === ino) since = Math.max(since, each.operation)
    }
    return since
  }

  #wrongContent(ino: Ino, bytes: Uint8Array, since: number): string | undefined {
    const all = this.#past.versions.get(ino)
    if (all === undefined) return `inode ${ino} was never made`
    const first = all.findLastIndex(({ operation }) => operation <= since)
    const possible = all
      .slice(Math.max(first, 0))
      .filter(({ operation }, index) => index === 0 || operation <= this.#point.operation)
    // A batch in between may have kept an empty beginning of a file that was made since.
    const sizes = new Set(possible.map((version) => version.bytes.length))
    if (!sizes.has(bytes.length)) {
      return `inode ${ino} has ${bytes.length} bytes, and since operation ${since} had ${[...sizes].join(', ')}`
    }
    for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
      const piece = bytes.subarray(at, at + SECTOR_SIZE)
      if (possible.some((version) => holds(version.bytes, piece, at))) continue
      return `inode ${ino} at ${at} of ${bytes.length} is as it never was since operation ${since}`
    }
    return undefined
  }

  #brokenOrder(seen: Past, moments: readonly number[]): string | undefined {
    for (const fsync of this.#atRisk) {
      const inos = fsync.ino === undefined ? [...seen.versions.keys()] : [fsync.ino]
      const lost =
        moments.at(-1)! < this.#past.lastNameChange(fsync.ino, fsync.operation) ||
        inos.some((ino) => {
          const bytes = seen.versions.get(ino)?.[0]?.bytes
          return (
            bytes !== undefined && this.#wrongContent(ino, bytes, fsync.operation) !== undefined
          )
        })
      if (!lost) continue
      if (moments[0]! > fsync.operation) {
        return `operation ${fsync.operation} is lost, but the names are those of ${moments[0]}`
      }
      for (const [ino, [version]] of seen.versions) {
        const later = this.#laterSector(ino, version!.bytes, fsync)
        if (later !== undefined) return `operation ${fsync.operation} is lost, but ${later}`
      }
    }
    return undefined
  }

  /** A sector that has a value it first had after the fsync. */
  #laterSector(ino: Ino, bytes: Uint8Array, fsync: Acknowledgement): string | undefined {
    const versions = this.#past.versions.get(ino) ?? []
    for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
      if (ino === fsync.ino && at + SECTOR_SIZE > fsync.forwardFrom) continue
      const piece = bytes.subarray(at, at + SECTOR_SIZE)
      if (piece.every((byte) => byte === 0)) continue
      const first = versions.find((version) => holds(version.bytes, piece, at))
      if (first !== undefined && first.operation > fsync.operation) {
        return `inode ${ino} has at ${at} what operation ${first.operation} wrote`
      }
    }
    return undefined
  }
}

/** `piece` at `at`, zeros behind the end. */
function holds(bytes: Uint8Array, piece: Uint8Array, at: number): boolean {
  for (let index = 0; index < piece.length; index++) {
    if ((bytes[at + index] ?? 0) !== piece[index]) return false
  }
  return true
}

function describeNames(names: Names): string {
  return [...names]
    .map(([path, what]) => `${path} ${what}`)
    .sort()
    .join('\n')
}

function settle(image: DirectoryImage): DirectoryImage {
  const loss = new PowerLoss(image, { now: Infinity, settlingMs: 0 })
  return loss.state(loss.counts.map((count) => count - 1))
}

/** Bytes that say which write they come from and where they belong; none is zero. */
function pattern(stamp: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    const word = Math.imul(stamp + 1, 0x9e3779b1) ^ Math.imul((at + index) >>> 2, 0x85ebca6b)
    bytes[index] = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 24) | 1
  }
  return bytes
}

/** False if POSIX refuses it. `held`: inodes that are open. */
function perform(vfs: Vfs, operation: Operation, stamp: number, held: Ino[]): boolean {
  return done(() => attempt(vfs, operation, stamp, held)) !== undefined
}

function done<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof VfsError) return undefined
    throw error
  }
}

function attempt(vfs: Vfs, operation: Operation, stamp: number, held: Ino[]): boolean {
  switch (operation[0]) {
    case 'create': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.create(parent, name, 0o644)
      return true
    }
    case 'mkdir': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.mkdir(parent, name, 0o755)
      return true
    }
    case 'symlink': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.symlink(parent, name, 'x'.repeat(operation[2]))
      return true
    }
    case 'write':
    case 'zeros': {
      const [kind, path, at, length] = operation
      const bytes = kind === 'zeros' ? new Uint8Array(length) : pattern(stamp, at, length)
      vfs.write(walk(vfs, path), bytes, at)
      return true
    }
    case 'append': {
      const ino = walk(vfs, operation[1])
      const { size } = vfs.getattr(ino)
      vfs.write(ino, pattern(stamp, size, operation[2]), size)
      return true
    }
    case 'truncate':
      vfs.truncate(walk(vfs, operation[1]), operation[2])
      return true
    case 'rename': {
      const from = walkToParent(vfs, operation[1])
      const to = walkToParent(vfs, operation[2])
      vfs.rename(from.parent, from.name, to.parent, to.name)
      return true
    }
    case 'unlink':
    case 'rmdir': {
      const { parent, name } = walkToParent(vfs, operation[1])
      if (operation[0] === 'unlink') vfs.unlink(parent, name)
      else vfs.rmdir(parent, name)
      return true
    }
    case 'hold': {
      const ino = walk(vfs, operation[1])
      vfs.acquire(ino)
      held.push(ino)
      return true
    }
    case 'letgo': {
      const ino = held.shift()
      if (ino !== undefined) vfs.release(ino)
      return true
    }
    case 'fsync':
      vfs.fsync(walk(vfs, operation[1]))
      return true
    case 'wait':
    case 'busy':
      vi.setSystemTime(Date.now() + operation[1])
      return true
    case 'chmod':
      vfs.setattr(walk(vfs, operation[1]), { mode: operation[2] })
      return true
    case 'sync':
      return true
    default:
      return true
  }
}
