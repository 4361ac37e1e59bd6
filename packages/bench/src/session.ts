// A browser with the bench's page in it: builds the bundle, serves it, launches the browser on a profile
// of its own on disk, and hands tasks to the page. Knows no browser itself: see drivers/. Used by run.ts.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundle, serve, type Server } from '../../../tools/serve.ts'
import { BrowserLost, PageLost, type BrowserDriver, type PageDriver } from './drivers/driver.ts'
import { PlaywrightBrowser } from './drivers/playwright.ts'
import { WebKitBrowser } from './drivers/webkit.ts'
import type { Browser } from './options.ts'
import type { Task, TaskEvent } from './protocol.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** On the disk of the checkout: a system's temporary directory is often in memory. */
const PROFILES = join(ROOT, '.profiles')
const PREPARE_DEADLINE_MS = 60_000
const CLOSE_DEADLINE_MS = 15_000
/** Over the deadline of a step, which the page itself enforces while it is alive. */
const PAGE_GRACE_MS = 15_000
const EXPLANATION_MS = 2_000

export class BrowserSession {
  readonly browser: BrowserDriver
  readonly #directory: string
  readonly #server: Server
  #page: PageDriver | undefined
  #userAgent = ''

  private constructor(browser: BrowserDriver, directory: string, server: Server) {
    this.browser = browser
    this.#directory = directory
    this.#server = server
  }

  static async open(name: Browser, log: (line: string) => void): Promise<BrowserSession> {
    await mkdir(PROFILES, { recursive: true })
    const directory = await mkdtemp(join(PROFILES, 'bench-'))
    let server: Server | undefined
    try {
      server = await serveBundle(join(directory, 'bundle'))
      const browser = await launch(name, join(directory, 'profile'), log)
      const session = new BrowserSession(browser, directory, server)
      try {
        await session.renew()
      } catch (error) {
        await session.close()
        throw error
      }
      return session
    } catch (error) {
      await server?.close()
      await removeDirectory(directory)
      throw error
    }
  }

  /** On whose file system everything is measured. */
  get profile(): string {
    return this.#directory
  }

  get userAgent(): string {
    return this.#userAgent
  }

  /** Opens the page, in place of one that was lost. */
  async renew(): Promise<void> {
    await this.#page?.close()
    this.#page = await this.#open()
  }

  async #open(): Promise<PageDriver> {
    const opening = this.browser.open(`${this.#server.url}/index.html`)
    const page = await this.#within(undefined, PREPARE_DEADLINE_MS, opening)
    const { userAgent } = await this.#within(page, PREPARE_DEADLINE_MS, page.call('prepare'))
    this.#userAgent = userAgent
    return page
  }

  /** Runs a task to its end. Throws PageLost or BrowserLost, or what `signal` was aborted with. */
  async run(task: Task, onEvent: (event: TaskEvent) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const page = this.#page
    if (page === undefined) throw new PageLost('there is no page')
    const { promise: aborted, release } = rejectOnAbort(signal)
    try {
      await Promise.race([aborted, this.#runOn(page, task, onEvent)])
    } finally {
      release()
    }
  }

  /**
   * As `run`, in a second page that is closed afterwards, where there can be one. Chromium gives it a
   * process of its own, and so a measure of memory that does not wait for workers which the first page
   * has killed.
   */
  async runAside(
    task: Task,
    onEvent: (event: TaskEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.browser.severalPages) {
      await this.run(task, onEvent, signal)
      return
    }
    signal.throwIfAborted()
    const { promise: aborted, release } = rejectOnAbort(signal)
    // An abort while the page is made ready is met by the race after that.
    aborted.catch(() => {})
    let page: PageDriver | undefined
    try {
      page = await this.#open()
      await Promise.race([aborted, this.#runOn(page, task, onEvent)])
    } finally {
      release()
      await page?.close()
    }
  }

  async #runOn(page: PageDriver, task: Task, onEvent: (event: TaskEvent) => void): Promise<void> {
    let deadlineMs = PREPARE_DEADLINE_MS
    await this.#within(page, deadlineMs, page.call('start', task))
    for (;;) {
      const event = await this.#within(page, deadlineMs + PAGE_GRACE_MS, page.call('next'))
      if (event.type === 'stage') deadlineMs = event.deadlineMs
      onEvent(event)
      if (event.type === 'done') return
    }
  }

  /** Closes the browser and removes its profile, also after an error. */
  async close(): Promise<void> {
    const closed = this.browser.close()
    closed.catch(() => {
      // It will not be closed: its profile is removed either way.
    })
    await Promise.race([closed, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })])
    await this.#server.close()
    await removeDirectory(this.#directory)
  }

  /** What the page answers, unless it is lost or late first. */
  async #within<T>(
    page: PageDriver | undefined,
    milliseconds: number,
    answer: Promise<T>,
  ): Promise<T> {
    const timer = new AbortController()
    const late = sleep(milliseconds, undefined, { signal: timer.signal }).then((): never => {
      throw new PageLost(`the page did not answer for ${Math.round(milliseconds / 1_000)} s`)
    })
    const { lost } = this.browser
    const gone = page === undefined ? [lost] : [page.crashed, lost]
    // Whichever lose the race may reject later.
    for (const loser of [late, answer]) loser.catch(() => {})
    try {
      return await Promise.race([answer, late, ...gone])
    } catch (error) {
      if (error instanceof PageLost || error instanceof BrowserLost) throw error
      // An answer may fail a moment before the event that explains why.
      await Promise.race([...gone, sleep(EXPLANATION_MS)])
      throw new PageLost('the page failed', { cause: error })
    } finally {
      timer.abort()
    }
  }
}

async function serveBundle(outdir: string): Promise<Server> {
  const source = join(import.meta.dirname, 'browser')
  await bundle({
    outdir,
    entries: {
      page: join(source, 'page.ts'),
      'store-worker': join(source, 'store-worker.ts'),
      echo: join(source, 'echo.ts'),
    },
  })
  await writeFile(join(outdir, 'index.html'), PAGE)
  const { resolve } = createRequire(import.meta.url)
  const pglite = resolve('@electric-sql/pglite/pglite.wasm')
  const sqlite = resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')
  // Of wa-sqlite, the package's root: its code lies in src and in dist.
  const waSqlite = resolve('@journeyapps/wa-sqlite')
  const directories = {
    '/': outdir,
    '/pglite': dirname(pglite),
    '/sqlite': dirname(sqlite),
    '/wa-sqlite': dirname(dirname(waSqlite)),
  }
  return serve({ directories, isolated: true })
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>wasm-vfs bench</title>
<script type="module" src="./page.js"></script>
`

function launch(
  name: Browser,
  profile: string,
  log: (line: string) => void,
): Promise<BrowserDriver> {
  if (name === 'webkit') return WebKitBrowser.launch(profile, log)
  return PlaywrightBrowser.launch(name, profile, log)
}

async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

function rejectOnAbort(signal: AbortSignal): {
  readonly promise: Promise<never>
  release(): void
} {
  let release = (): void => {}
  const promise = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    release = () => signal.removeEventListener('abort', abort)
  })
  return { promise, release: () => release() }
}
