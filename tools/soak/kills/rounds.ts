// Rounds of kills in one browser: every store is opened and inspected, all of them commit at the same
// time, and then the workers are terminated, the tab is closed, or the whole browser is killed. What was
// acknowledged is known here, outside, and the next round begins by looking whether it is there.

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'
import { launchPersistent, type BrowserInstallation } from '../../browsers.ts'
import { bundle, serve, type Server } from '../../serve.ts'
import { killBrowser } from './end-browser.ts'
import { Ledger } from './ledger.ts'
import { Oracle } from './oracle.ts'
import type { Inspection, RunRequest } from './worker.ts'

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
  /** What is wrong; empty if nothing is. */
  readonly problems: readonly string[]
}

export interface KillSettings {
  readonly browser: BrowserInstallation
  readonly targets: readonly KillTarget[]
  readonly seed: number
}

const FIRST_COMMIT_DEADLINE_MS = 60_000
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
}

export class KillRounds {
  readonly #settings: KillSettings
  readonly #random: SeededRandom
  readonly #stores: Store[]
  readonly #oracle = new Oracle()
  #site = ''
  #profile = ''
  #server: Server | undefined
  #context: BrowserContext | undefined
  #page: Page | undefined

  constructor(settings: KillSettings) {
    this.#settings = settings
    this.#random = new SeededRandom(settings.seed)
    this.#stores = settings.targets.map((target, index) => ({
      ...target,
      name: `${target.backend}-${target.durability}`,
      seed: settings.seed * 100 + index,
      count: 0,
      endedBy: undefined,
    }))
  }

  async open(): Promise<void> {
    this.#site = await mkdtemp(join(tmpdir(), 'wasm-vfs-kills-site-'))
    this.#profile = await mkdtemp(join(tmpdir(), `wasm-vfs-kills-${this.#settings.browser.name}-`))
    const backends = new Set(this.#settings.targets.map(({ backend }) => backend))
    await bundle({
      entries: {
        page: join(import.meta.dirname, 'page.ts'),
        ...Object.fromEntries(
          [...backends].map((name) => [
            `${name}.worker`,
            join(import.meta.dirname, `${name}.worker.ts`),
          ]),
        ),
      },
      outdir: this.#site,
    })
    await writeFile(
      join(this.#site, 'index.html'),
      '<!doctype html><meta charset="utf-8"><title>kills</title>' +
        '<script type="module" src="./page.js"></script>',
    )
    this.#server = await serve({ directories: { '/': this.#site } })
    await this.#oracle.open()
  }

  /** Opens and inspects every store, lets it commit and ends it; the outcomes are of the round before. */
  async round(end: End): Promise<KillOutcome[]> {
    const outcomes = await this.inspect()
    const page = await this.#openPage()
    for (const { name, backend, seed, count } of this.#stores) {
      const request: RunRequest = { oracle: this.#oracle.url(name), seed, count }
      await call(page, backend, name, 'run', request)
    }
    await this.#everyStoreCommits()
    await pause(this.#random.below(LIFE_MAX_MS))
    await this.#end(end, page)
    for (const store of this.#stores) store.endedBy = end
    return outcomes
  }

  /** Opens what the last end left and holds it against the oracle. */
  async inspect(): Promise<KillOutcome[]> {
    const page = await this.#openPage()
    const looks = this.#stores.map((store) => this.#inspectStore(page, store))
    return (await Promise.all(looks)).flat()
  }

  /** Ends everything and removes the profile. */
  async close(): Promise<void> {
    await this.#context?.close().catch(() => {
      // Its connection is gone if the browser was killed.
    })
    if (this.#profile !== '') await killBrowser(this.#profile)
    await this.#oracle.close()
    await this.#server?.close()
    for (const folder of [this.#site, this.#profile]) {
      if (folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }

  async #inspectStore(page: Page, store: Store): Promise<KillOutcome[]> {
    const { name, backend, durability, endedBy: end } = store
    const acknowledged = this.#oracle.count(name)
    const commits = acknowledged - store.count
    const problems: string[] = []
    const stopped = this.#oracle.error(name)
    if (stopped !== undefined) problems.push(`it stopped by itself: ${stopped}`)
    try {
      await call(page, backend, name, 'open', { name, durability })
      const shown = (await call(page, backend, name, 'inspect')) as Inspection
      const { count, differences } = compare(shown, store.seed, acknowledged)
      problems.push(...differences, ...shown.findings)
      if (shown.checksums !== 'on') problems.push(`data checksums are ${shown.checksums}`)
      store.count = count
    } catch (error) {
      problems.push(`it does not open: ${String(error)}`)
    }
    if (problems.length > 0) await this.#startAfresh(page, store)
    this.#oracle.resume(store.name, store.count)
    store.endedBy = undefined
    return end === undefined && problems.length === 0
      ? []
      : [{ backend, durability, end: end ?? 'browser', commits, problems }]
  }

  /** A store that has failed stays as it is; the next rounds have another one. */
  async #startAfresh(page: Page, store: Store): Promise<void> {
    const [, number = '1'] = /-(\d+)$/.exec(store.name) ?? []
    store.name = `${store.backend}-${store.durability}-${Number(number) + 1}`
    store.count = 0
    const { name, durability } = store
    await call(page, store.backend, name, 'open', { name, durability })
  }

  async #everyStoreCommits(): Promise<void> {
    const deadline = Date.now() + FIRST_COMMIT_DEADLINE_MS
    const waiting = (): boolean =>
      this.#stores.some(
        ({ name, count }) =>
          this.#oracle.count(name) <= count && this.#oracle.error(name) === undefined,
      )
    while (waiting()) {
      if (Date.now() > deadline) throw new Error('a store does not commit')
      await pause(PAUSE_MS)
    }
  }

  async #end(end: End, page: Page): Promise<void> {
    if (end === 'worker') {
      await page.evaluate(() => globalThis.kills.terminateAll())
      return
    }
    this.#page = undefined
    if (end === 'tab') {
      await page.close({ runBeforeUnload: false })
      return
    }
    await killBrowser(this.#profile)
    await this.#context?.close().catch(() => {
      // Its connection is gone, which is what was asked for.
    })
    this.#context = undefined
  }

  async #openPage(): Promise<Page> {
    if (this.#page !== undefined) return this.#page
    const { browser } = this.#settings
    this.#context ??= await launchPersistent(browser, this.#profile, { headless: true })
    const page = await this.#context.newPage()
    await page.goto(this.#server!.url)
    await page.waitForFunction(() => 'kills' in globalThis)
    this.#page = page
    return page
  }
}

/**
 * The database must be as after all that was acknowledged, or as after the one commit more that was under
 * way: nothing lost, nothing twice, no strangers.
 */
function compare(
  shown: Inspection,
  seed: number,
  acknowledged: number,
): { count: number; differences: string[] } {
  let differences: string[] = []
  for (const count of [acknowledged + 1, acknowledged]) {
    differences = differencesFrom(new Ledger(seed, count), shown)
    if (differences.length === 0) return { count, differences }
  }
  return { count: acknowledged, differences }
}

const DIFFERENCES_MAX = 5

function differencesFrom(ledger: Ledger, shown: Inspection): string[] {
  const { rows, tables } = ledger.contents()
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  const expected = rows.map(([id, version, body]) => `row ${id}.${version} ${md5(body)}`)
  expected.push(...tables.map(([name, count]) => `table ${name} of ${count}`))
  const found = shown.rows.map(([id, version, digest]) => `row ${id}.${version} ${digest}`)
  found.push(...shown.tables.map(([name, count]) => `table ${name} of ${count}`))
  const lost = expected.filter((each) => !found.includes(each))
  const strange = found.filter((each) => !expected.includes(each))
  const differences = [
    ...lost.map((each) => `after ${ledger.count} commits ${each} is missing`),
    ...strange.map((each) => `after ${ledger.count} commits ${each} is there`),
  ]
  if (found.length !== new Set(found).size) differences.push('something is there twice')
  if (differences.length <= DIFFERENCES_MAX) return differences
  const more = differences.length - DIFFERENCES_MAX
  return [...differences.slice(0, DIFFERENCES_MAX), `and ${more} more differences`]
}

function call(
  page: Page,
  backend: string,
  store: string,
  task: string,
  argument?: unknown,
): Promise<unknown> {
  return page.evaluate(
    ([backend, store, task, argument]) => globalThis.kills.call(backend, store, task, argument),
    [backend, store, task, argument] as const,
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
