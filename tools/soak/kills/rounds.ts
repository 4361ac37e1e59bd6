// Rounds of kills in one browser: every store is opened and inspected, all of them commit at the same
// time, and then the workers are terminated, the tab is closed, or the whole browser is killed. What was
// acknowledged is known here, outside, and the next round begins by looking whether it is there.

import type { Page } from 'playwright'
import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'
import type { BrowserInstallation } from '../../browsers.ts'
import { compare } from './compare.ts'
import { call, KillSite, pause } from './site.ts'
import type { InspectRequest, Inspection, RunRequest } from './worker.ts'

export const DURABILITIES = ['strict', 'relaxed'] as const
/** How a session ends: its worker terminated, its tab closed, its whole browser killed. */
export const ENDS = ['worker', 'tab', 'browser'] as const

export type Durability = (typeof DURABILITIES)[number]
export type End = (typeof ENDS)[number]

export interface KillTarget {
  /** Its worker is `<backend>.worker.ts` in this folder. */
  readonly backend: string
  readonly durability: Durability
}

/** What one store went through in one round, told when it was inspected afterwards. */
export interface KillOutcome extends KillTarget {
  readonly end: End
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
/** How long commits go on before the end comes, at random up to this. */
const LIFE_MAX_MS = 1200

interface Store extends KillTarget {
  name: string
  seed: number
  /** Commits found by the last inspection. */
  count: number
  /** How the session under way will have ended. */
  endedBy: End | undefined
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
      ...target,
      name: `${target.backend}-${target.durability}`,
      seed: settings.seed * 100 + index,
      count: 0,
      endedBy: undefined,
      inspections: index,
    }))
  }

  open(): Promise<void> {
    return this.#site.open(this.#settings.targets.map(({ backend }) => backend))
  }

  /** Opens and inspects every store, lets it commit and ends it; the outcomes are of the round before. */
  async round(end: End): Promise<KillOutcome[]> {
    const outcomes = await this.#inspect(this.#settings.checkOneIn ?? 1)
    const page = await this.#openPage()
    for (const { name, backend, seed, count } of this.#stores) {
      const request: RunRequest = { oracle: this.#site.oracle.url(name), seed, count }
      await call(page, backend, name, 'run', request)
    }
    await this.#everyStoreCommits()
    await pause(this.#random.below(LIFE_MAX_MS))
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
    const { name, backend, durability, endedBy: end } = store
    const acknowledged = this.#site.oracle.count(name)
    const commits = acknowledged - store.count
    const problems: string[] = []
    const stopped = this.#site.oracle.error(name)
    if (stopped !== undefined) problems.push(`it stopped by itself: ${stopped}`)
    try {
      await this.#open(page, store)
      const request: InspectRequest = { amcheck: checked }
      const shown = (await call(page, backend, name, 'inspect', request)) as Inspection
      const compared = compare(shown, store.seed, acknowledged)
      problems.push(...compared.problems)
      store.count = compared.count
    } catch (error) {
      problems.push(`it does not open: ${String(error)}`)
    }
    if (problems.length > 0) await this.#startAfresh(page, store)
    this.#site.oracle.resume(store.name, store.count)
    store.endedBy = undefined
    return end === undefined && problems.length === 0
      ? []
      : [{ backend, durability, end: end ?? 'browser', commits, checked, problems }]
  }

  /** A store that has failed stays as it is; the next rounds have another one. */
  async #startAfresh(page: Page, store: Store): Promise<void> {
    const [, number = '1'] = /-(\d+)$/.exec(store.name) ?? []
    store.name = `${store.backend}-${store.durability}-${Number(number) + 1}`
    store.count = 0
    await this.#open(page, store)
  }

  async #open(page: Page, { backend, name, durability }: Store): Promise<void> {
    await call(page, backend, name, 'open', { name, durability })
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
