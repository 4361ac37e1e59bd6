// Rounds of kills in one browser: every store is opened and inspected, all of them commit at the same
// time, and then the workers are terminated, the tab is closed, or the whole browser is killed. What was
// acknowledged is known here, outside, and the next round begins by looking whether it is there. Most
// sessions are aimed at a place, mostly inside the call under test, where they wait for their end.

import type { Page } from 'playwright'
import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'
import type { BrowserInstallation } from '../../browsers.ts'
import { compare, type Comparison } from './compare.ts'
import type { Place } from './oracle.ts'
import type { Aim, Phase } from './phases.ts'
import { PROGRAMS, type ProgramName, type Shown } from './programs.ts'
import type { OpenProgramRequest, RunProgramRequest } from './serve-programs.ts'
import { call, KillSite, pause } from './site.ts'
import type { InspectRequest, Inspection, RunRequest } from './worker.ts'

export const DURABILITIES = ['strict', 'relaxed'] as const
/** How a session ends: its worker terminated, its tab closed, its whole browser killed. */
export const ENDS = ['worker', 'tab', 'browser'] as const

export type Durability = (typeof DURABILITIES)[number]
export type End = (typeof ENDS)[number]

/** What commits: PGlite, or a program that is no database of ours. */
export const KILL_PROGRAMS = ['pglite', ...PROGRAMS] as const
export type KillProgram = 'pglite' | ProgramName

export interface KillTarget {
  /** Its worker is `<backend>.worker.ts` in this folder. */
  readonly backend: string
  readonly durability: Durability
  /** Default pglite; its worker is `<backend>.programs.worker.ts` otherwise. */
  readonly program?: KillProgram
}

/** What one store went through in one round, told when it was inspected afterwards. */
export interface KillOutcome extends KillTarget {
  readonly end: End
  readonly phase: Phase
  /** Inside the call under test: the call into storage that was next. */
  readonly call: string
  /** Acknowledged in the session that was ended. */
  readonly commits: number
  /** Whether amcheck went through every index and every table. */
  readonly checked: boolean
  /** What is wrong; empty if nothing is. */
  readonly problems: readonly string[]
}

export interface KillSettings {
  readonly browser: BrowserInstallation
  readonly targets: readonly KillTarget[]
  readonly seed: number
  /**
   * Each round compares every row with what was acknowledged, and the round that comes so many after
   * the last one runs amcheck as well: that takes as long as all the rest. Default 1.
   */
  readonly checkOneIn?: number
}

const FIRST_COMMIT_DEADLINE_MS = 120_000
const PAUSE_MS = 10
/** How long commits go on before an end that is not aimed comes, at random up to this. */
const LIFE_MAX_MS = 1200
/** An aim that was not met by then is given up. */
const AIM_DEADLINE_MS = 15_000
/** Aims in percent; the rest is not aimed. */
const INSIDE = 70
const AIMS = [
  [INSIDE, 'inside'],
  [INSIDE + 5, 'before'],
  [INSIDE + 15, 'returned'],
  [INSIDE + 25, 'acknowledged'],
] as const
const AIM_CALLS_MAX = 12

const NOWHERE: Place = { phase: 'running', call: '' }

export function workerOf({
  backend,
  program = 'pglite',
}: Pick<KillTarget, 'backend' | 'program'>): string {
  return program === 'pglite' ? backend : `${backend}.programs`
}

export function nameOf({ backend, durability, program = 'pglite' }: KillTarget): string {
  return `${backend}-${durability}-${program}`
}

interface Store extends Required<KillTarget> {
  name: string
  seed: number
  /** Commits found by the last inspection. */
  count: number
  /** How the session under way will have ended. */
  endedBy: End | undefined
  /** Where it was told to wait, and where it was when it was ended. */
  aim: Aim | undefined
  place: Place
  /** How often it was inspected, stores beginning at different numbers. */
  inspections: number
}

export class KillRounds {
  readonly #settings: KillSettings
  readonly #random: SeededRandom
  readonly #stores: Store[]
  readonly #site: KillSite
  #page: Page | undefined

  constructor(settings: KillSettings) {
    this.#settings = settings
    this.#site = new KillSite(settings.browser)
    this.#random = new SeededRandom(settings.seed)
    this.#stores = settings.targets.map((target, index) => ({
      program: 'pglite',
      ...target,
      name: nameOf(target),
      seed: settings.seed * 100 + index,
      count: 0,
      endedBy: undefined,
      aim: undefined,
      place: NOWHERE,
      inspections: index,
    }))
  }

  open(): Promise<void> {
    return this.#site.open(this.#settings.targets.map(workerOf))
  }

  /** Opens and inspects every store, lets it commit and ends it; the outcomes are of the round before. */
  async round(end: End): Promise<KillOutcome[]> {
    const outcomes = await this.#inspect(this.#settings.checkOneIn ?? 1)
    const page = await this.#openPage()
    for (const store of this.#stores) {
      store.aim = this.#aim(store)
      const { name, seed, count, aim } = store
      const request = { oracle: this.#site.oracle.url(name), seed, count, aim }
      const run: RunRequest & RunProgramRequest = request
      await call(page, workerOf(store), name, 'run', run)
    }
    await this.#everyStoreCommits()
    await this.#everyAimIsMet()
    const isAnyMoment = this.#stores.some(({ aim }) => aim === undefined)
    await pause(isAnyMoment ? this.#random.below(LIFE_MAX_MS) : 0)
    for (const store of this.#stores) store.place = this.#site.oracle.place(store.name) ?? NOWHERE
    await this.#end(end, page)
    for (const store of this.#stores) store.endedBy = end
    return outcomes
  }

  /** Opens what the last end left and holds it against the oracle, amcheck included. */
  inspect(): Promise<KillOutcome[]> {
    return this.#inspect(1)
  }

  /** Ends everything and removes the profile. */
  close(): Promise<void> {
    return this.#site.close()
  }

  async #inspect(checkOneIn: number): Promise<KillOutcome[]> {
    const page = await this.#openPage()
    const looks = this.#stores.map((store) => {
      const checked = store.inspections++ % checkOneIn === 0
      return this.#inspectStore(page, store, checked)
    })
    return (await Promise.all(looks)).flat()
  }

  async #inspectStore(page: Page, store: Store, checked: boolean): Promise<KillOutcome[]> {
    const { name, backend, durability, program, place, endedBy: end } = store
    const acknowledged = this.#site.oracle.count(name)
    const commits = acknowledged - store.count
    const problems: string[] = []
    const stopped = this.#site.oracle.error(name)
    if (stopped !== undefined) problems.push(`it stopped by itself: ${stopped}`)
    try {
      await this.#open(page, store)
      const found = await this.#found(page, store, acknowledged, checked)
      problems.push(...found.problems)
      store.count = found.count
      // Told to nobody, and yet nothing that has returned is undone by a kernel.
      if (end !== undefined && place.phase === 'returned' && found.count <= acknowledged) {
        problems.push(`change ${acknowledged + 1} had returned and is not there`)
      }
    } catch (error) {
      problems.push(`it does not open: ${String(error)}`)
    }
    if (problems.length > 0) await this.#startAfresh(page, store)
    this.#site.oracle.resume(store.name, store.count)
    store.endedBy = undefined
    if (end === undefined && problems.length === 0) return []
    const ended = { end: end ?? 'browser', ...place }
    const isChecked = checked && program === 'pglite'
    return [{ backend, durability, program, ...ended, commits, checked: isChecked, problems }]
  }

  async #found(
    page: Page,
    store: Store,
    acknowledged: number,
    amcheck: boolean,
  ): Promise<Comparison> {
    const { name, program, seed } = store
    const request: InspectRequest = { amcheck }
    const shown = await call(page, workerOf(store), name, 'inspect', request)
    if (program === 'pglite') return compare(shown as Inspection, seed, acknowledged)
    const { count, problems } = shown as Shown
    if (count === acknowledged || count === acknowledged + 1) return { count, problems }
    const wrong = `it shows ${count} changes, and ${acknowledged} were acknowledged`
    return { count, problems: [...problems, wrong] }
  }

  /** A store that has failed stays as it is; the next rounds have another one. */
  async #startAfresh(page: Page, store: Store): Promise<void> {
    const [, number = '1'] = /-(\d+)$/.exec(store.name) ?? []
    store.name = `${nameOf(store)}-${Number(number) + 1}`
    store.count = 0
    await this.#open(page, store)
  }

  async #open(page: Page, store: Store): Promise<void> {
    const { name, durability, program } = store
    const oracle = this.#site.oracle.url(name)
    const request: Partial<OpenProgramRequest> = { name, durability }
    const own = program === 'pglite' ? {} : { program, oracle }
    await call(page, workerOf(store), name, 'open', { ...request, ...own })
  }

  /** None: the end comes at any moment. */
  #aim({ program }: Store): Aim | undefined {
    const dice = this.#random.below(100)
    const phase = AIMS.find(([below]) => dice < below)?.[1]
    // A change of this one takes a quarter of a second.
    const commits = 1 + this.#random.below(program === 'files' ? 2 : 20)
    const calls = this.#random.below(AIM_CALLS_MAX)
    return phase && { phase, commits, calls }
  }

  async #everyAimIsMet(): Promise<void> {
    const deadline = Date.now() + AIM_DEADLINE_MS
    const { oracle } = this.#site
    const isWaitedFor = ({ name, aim }: Store): boolean =>
      aim !== undefined && oracle.place(name) === undefined && oracle.error(name) === undefined
    while (this.#stores.some(isWaitedFor) && Date.now() < deadline) await pause(PAUSE_MS)
  }

  async #everyStoreCommits(): Promise<void> {
    const deadline = Date.now() + FIRST_COMMIT_DEADLINE_MS
    const waiting = (): string[] =>
      this.#stores
        .filter(({ name, count }) => {
          const { oracle } = this.#site
          return oracle.count(name) <= count && oracle.error(name) === undefined
        })
        .map(({ name }) => name)
    for (let names = waiting(); names.length > 0; names = waiting()) {
      if (Date.now() > deadline) throw new Error(`${names.join(', ')}: no commit within 120 s`)
      await pause(PAUSE_MS)
    }
  }

  async #end(end: End, page: Page): Promise<void> {
    if (end === 'worker') {
      await page.evaluate(() => globalThis.kills.terminateAll())
      return
    }
    this.#page = undefined
    if (end === 'tab') await page.close({ runBeforeUnload: false })
    else await this.#site.kill()
  }

  async #openPage(): Promise<Page> {
    this.#page ??= await this.#site.newPage()
    return this.#page
  }
}
