// Many tabs and one store: who comes second is told so, who waits gets it when the owner dies, and an
// owner that is asked hands it over in the middle of its commits. Nothing acknowledged is lost on the way.

import type { Page } from 'playwright'
import { expect, it } from 'vitest'
import { ensureBrowser } from '../../browsers.ts'
import { compare } from './compare.ts'
import { call, KillSite, pause } from './site.ts'
import type { InspectRequest, Inspection, OpenRequest, RunRequest } from './worker.ts'

const CASES = [
  { browser: 'chromium', backend: 'opfs-ahp', tabs: 10, handOvers: 2 },
  { browser: 'chromium', backend: 'idb', tabs: 2, handOvers: 2 },
  { browser: 'chromium', backend: 'opfs-worker', tabs: 2, handOvers: 2 },
  { browser: 'firefox', backend: 'opfs-ahp', tabs: 3, handOvers: 2 },
  { browser: 'firefox', backend: 'idb', tabs: 2, handOvers: 2 },
  { browser: 'firefox', backend: 'opfs-worker', tabs: 2, handOvers: 2 },
] as const

const COMMITS = 3
const DEADLINE_MS = 60_000
const STORE = 'shared'
const SEED = 7

/** The one store of a backend, and the tabs that want it. */
class SharedStore {
  readonly #site: KillSite
  readonly #backend: string

  constructor(site: KillSite, backend: string) {
    this.#site = site
    this.#backend = backend
  }

  open(page: Page, ifBusy: OpenRequest['ifBusy']): Promise<unknown> {
    const request = { name: STORE, durability: 'strict', ifBusy }
    return call(page, this.#backend, STORE, 'open', request)
  }

  /** Looks whether a new owner sees all that was acknowledged, and lets it commit. */
  async commit(page: Page, { amcheck = false }: InspectRequest = {}): Promise<void> {
    const { oracle } = this.#site
    const shown = (await call(page, this.#backend, STORE, 'inspect', { amcheck })) as Inspection
    const { count, problems } = compare(shown, SEED, oracle.count(STORE))
    if (problems.length > 0) throw new Error(problems.join('\n'))
    oracle.resume(STORE, count)
    const request: RunRequest = { oracle: oracle.url(STORE), seed: SEED, count }
    await call(page, this.#backend, STORE, 'run', request)
    await this.moreCommits()
  }

  async moreCommits(): Promise<void> {
    const { oracle } = this.#site
    const wanted = oracle.count(STORE) + COMMITS
    const deadline = Date.now() + DEADLINE_MS
    while (oracle.count(STORE) < wanted) {
      const stopped = oracle.error(STORE)
      if (stopped !== undefined) throw new Error(`the owner stopped: ${stopped}`)
      if (Date.now() > deadline) throw new Error('the owner does not commit')
      await pause(10)
    }
  }
}

it.each(CASES)(
  '$browser, $backend: a tab is refused, $tabs wait while owners die, $handOvers are handed it',
  async ({ browser, backend, tabs, handOvers }) => {
    const site = new KillSite(await ensureBrowser(browser, {}))
    try {
      await site.open([backend])
      const store = new SharedStore(site, backend)
      const first = await site.newPage()
      await store.open(first, 'give up')
      await store.commit(first)

      const pages = [await site.newPage()]
      await expect(store.open(pages[0]!, 'give up')).rejects.toThrow(/EBUSY/)
      await store.moreCommits()

      while (pages.length < tabs) pages.push(await site.newPage())
      const waiting = new Map(pages.map((page) => [page, openThen(store, page)]))
      let owner = first
      for (let left = tabs; left > 0; left--) {
        await owner.close({ runBeforeUnload: false })
        owner = await Promise.race(waiting.values())
        waiting.delete(owner)
        await store.commit(owner, { amcheck: waiting.size === 0 })
      }

      let other = await site.newPage()
      for (let round = 0; round < handOvers; round++) {
        await store.open(other, 'take over')
        await store.commit(other, { amcheck: round === handOvers - 1 })
        ;[owner, other] = [other, owner]
      }
    } finally {
      await site.close()
    }
  },
)

async function openThen(store: SharedStore, page: Page): Promise<Page> {
  await store.open(page, 'wait')
  return page
}
