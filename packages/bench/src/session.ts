// A browser with the bench's page in it: builds the bundle, serves it, and launches the browser on a
// profile of its own on disk. Knows no browser itself: see drivers/. Used by run.ts.

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve, type Server } from '../../../tools/serve.ts'
import type { BrowserDriver } from './drivers/driver.ts'
import { ProcessMemory } from './drivers/process-memory.ts'
import { PlaywrightBrowser } from './drivers/playwright.ts'
import { WebKitBrowser } from './drivers/webkit.ts'
import type { Browser } from './options.ts'
import { PageSession } from './page-session.ts'
import { RUNNER_PAGE, type Task, type TaskEvent } from './protocol.ts'
import { buildSite, siteDirectories } from './site.ts'
import { MEMORY_HELD, MEMORY_PEAK } from './workloads/footprint.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** On the disk of the checkout: a system's temporary directory is often in memory. */
const PROFILES = join(ROOT, '.profiles')
const MEMORY: readonly string[] = [MEMORY_HELD, MEMORY_PEAK]
/** For the processes of a page that was closed to end. */
const SETTLE_MS = 1_000
const CLOSE_DEADLINE_MS = 15_000

export class BrowserSession extends PageSession {
  readonly #directory: string
  readonly #server: Server

  private constructor(browser: BrowserDriver, directory: string, server: Server) {
    super(browser, `${server.url}/${RUNNER_PAGE}`)
    this.#directory = directory
    this.#server = server
  }

  static async open(name: Browser, log: (line: string) => void): Promise<BrowserSession> {
    await mkdir(PROFILES, { recursive: true })
    const directory = await mkdtemp(join(PROFILES, 'bench-'))
    let server: Server | undefined
    try {
      const site = join(directory, 'bundle')
      await buildSite(site)
      server = await serve({ directories: siteDirectories(site), isolated: true })
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

  override async run(
    task: Task,
    onEvent: (event: TaskEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const isMeasured = task.kind === 'life' && task.workloads.some((name) => MEMORY.includes(name))
    if (!isMeasured) {
      await super.run(task, onEvent, signal)
      return
    }
    // What earlier lives left in the page's process goes with it.
    await this.renew()
    await sleep(SETTLE_MS, undefined, { signal })
    const memory = ProcessMemory.start(process.pid)
    await super.run(task, (event) => onEvent(withMemory(event, memory)), signal)
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
}

/** What a page cannot know takes the place of what it sent. */
function withMemory(event: TaskEvent, memory: ProcessMemory | undefined): TaskEvent {
  if (event.type !== 'measured' || !MEMORY.includes(event.name)) return event
  const { name } = event
  if (memory === undefined) {
    const message = 'the memory of processes cannot be read on this system'
    return { type: 'failed', name, error: { kind: 'unavailable', message } }
  }
  const { heldMiB, peakMiB } = memory.growth()
  return { type: 'measured', name, samples: [name === MEMORY_PEAK ? peakMiB : heldMiB] }
}

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
