// A browser with the bench's page in it: builds the bundle, serves it, launches the browser on a
// profile of its own on disk, and hands tasks to the page. Used by run.ts.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, firefox, type BrowserContext, type Page } from 'playwright'
import { ensureBrowser, launchOptions, type BrowserInstallation } from '../../../tools/browsers.ts'
import { bundle, serve, type Server } from '../../../tools/serve.ts'
import type { Browser } from './options.ts'
import type { BenchPage, Task, TaskEvent } from './protocol.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** On the disk of the checkout: a system's temporary directory is often in memory. */
const PROFILES = join(ROOT, '.profiles')
const PREPARE_DEADLINE_MS = 60_000
const CLOSE_DEADLINE_MS = 15_000
/** Over the deadline of a step, which the page itself enforces while it is alive. */
const PAGE_GRACE_MS = 15_000
const EXPLANATION_MS = 2_000
/** For browser/memory.ts: memory is measured at once, and not when the browser has time for it. */
const MEMORY_ARGS = ['--enable-blink-features=ForceEagerMeasureMemory']

/** The page is gone or silent, the browser still there: `renew()` helps. */
export class PageLost extends Error {
  override readonly name: 'PageLost' = 'PageLost'
}

/** The browser is gone; only a new session helps. */
export class BrowserLost extends Error {
  override readonly name: 'BrowserLost' = 'BrowserLost'
}

declare global {
  var bench: BenchPage
}

export class BrowserSession {
  readonly installation: BrowserInstallation
  readonly profile: string
  readonly #server: Server
  readonly #context: BrowserContext
  readonly #lost: Promise<never>
  #page: Page | undefined
  #crashed: Promise<never> = new Promise(() => {})
  #userAgent = ''

  private constructor(
    installation: BrowserInstallation,
    profile: string,
    server: Server,
    context: BrowserContext,
  ) {
    this.installation = installation
    this.profile = profile
    this.#server = server
    this.#context = context
    this.#lost = new Promise((_, reject) => {
      context.once('close', () => reject(new BrowserLost(`${installation.name} went away`)))
    })
    // Whoever waits for the page races with it; between two waits nobody does.
    this.#lost.catch(() => {})
  }

  static async open(name: Browser, log: (line: string) => void): Promise<BrowserSession> {
    const installation = await ensureBrowser(name, { log })
    await mkdir(PROFILES, { recursive: true })
    const directory = await mkdtemp(join(PROFILES, 'bench-'))
    let server: Server | undefined
    try {
      server = await serveBundle(join(directory, 'bundle'))
      const profile = join(directory, 'profile')
      const context = await launch(installation, profile)
      const session = new BrowserSession(installation, profile, server, context)
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

  get userAgent(): string {
    return this.#userAgent
  }

  /** Opens the page, in place of one that was lost. */
  async renew(): Promise<void> {
    await this.#page?.close().catch(() => {
      // It is being replaced because it does not answer.
    })
    const page = await this.#context.newPage()
    this.#page = page
    this.#crashed = new Promise((_, reject) => {
      page.once('crash', () => reject(new PageLost('the page crashed')))
    })
    this.#crashed.catch(() => {})
    this.#userAgent = await this.#prepare(page)
  }

  async #prepare(page: Page): Promise<string> {
    const url = `${this.#server.url}/index.html`
    await this.#within(PREPARE_DEADLINE_MS, page.goto(url, { timeout: PREPARE_DEADLINE_MS }))
    const { userAgent } = await this.#within(
      PREPARE_DEADLINE_MS,
      page.evaluate(() => globalThis.bench.prepare()),
    )
    return userAgent
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
   * As `run`, in a second page that is closed afterwards. Chromium gives it a process of its own, and so
   * a measure of memory that does not wait for workers which the first page has killed.
   */
  async runAside(
    task: Task,
    onEvent: (event: TaskEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted()
    const { promise: aborted, release } = rejectOnAbort(signal)
    // An abort while the page is made ready is met by the race after that.
    aborted.catch(() => {})
    const page = await this.#context.newPage()
    try {
      await this.#prepare(page)
      await Promise.race([aborted, this.#runOn(page, task, onEvent)])
    } finally {
      release()
      await page.close().catch(() => {
        // It crashed, or went with its browser.
      })
    }
  }

  async #runOn(page: Page, task: Task, onEvent: (event: TaskEvent) => void): Promise<void> {
    let deadlineMs = PREPARE_DEADLINE_MS
    await this.#within(
      deadlineMs,
      page.evaluate((started) => globalThis.bench.start(started), task),
    )
    for (;;) {
      const next = page.evaluate(() => globalThis.bench.next())
      const event = await this.#within(deadlineMs + PAGE_GRACE_MS, next)
      if (event.type === 'stage') deadlineMs = event.deadlineMs
      onEvent(event)
      if (event.type === 'done') return
    }
  }

  /** Closes the browser and removes its profile, also after an error. */
  async close(): Promise<void> {
    const closed = this.#context.close().catch(() => {
      // It is closed already, or will not be: its profile is removed either way.
    })
    await Promise.race([closed, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })])
    await this.#server.close()
    await removeDirectory(dirname(this.profile))
  }

  /** What the page answers, unless it is lost or late first. */
  async #within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
    const timer = new AbortController()
    const late = sleep(milliseconds, undefined, { signal: timer.signal }).then((): never => {
      throw new PageLost(`the page did not answer for ${Math.round(milliseconds / 1_000)} s`)
    })
    // Whichever lose the race may reject later.
    for (const loser of [late, answer]) loser.catch(() => {})
    try {
      return await Promise.race([answer, late, this.#crashed, this.#lost])
    } catch (error) {
      if (error instanceof PageLost || error instanceof BrowserLost) throw error
      // An answer may fail a moment before the event that explains why.
      await Promise.race([this.#crashed, this.#lost, sleep(EXPLANATION_MS)])
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
      worker: join(source, 'worker.ts'),
      echo: join(source, 'echo.ts'),
    },
  })
  await writeFile(join(outdir, 'index.html'), PAGE)
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite/pglite.wasm')
  return serve({ directories: { '/': outdir, '/pglite': dirname(pglite) }, isolated: true })
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>wasm-vfs bench</title>
<script type="module" src="./page.js"></script>
`

async function launch(installation: BrowserInstallation, profile: string): Promise<BrowserContext> {
  const options = launchOptions(installation)
  const type = { chromium, firefox }[installation.name]
  return type.launchPersistentContext(profile, {
    ...options,
    args: [...(options.args ?? []), ...(installation.name === 'chromium' ? MEMORY_ARGS : [])],
    headless: true,
    // The CLI ends the browser itself, after it has written what was measured.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  })
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
