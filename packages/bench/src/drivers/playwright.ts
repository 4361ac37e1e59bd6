// Chromium and Firefox, driven by Playwright.

import { chromium, firefox, type BrowserContext, type Page } from 'playwright'
import { ensureBrowser, launchOptions, type BrowserName } from '../../../../tools/browsers.ts'
import type { BenchPage } from '../protocol.ts'
import { BrowserLost, PageLost, type BrowserDriver, type PageDriver } from './driver.ts'

const OPEN_TIMEOUT_MS = 60_000
/** For browser/memory.ts: memory is measured at once, and not when the browser has time for it. */
const MEMORY_ARGS = ['--enable-blink-features=ForceEagerMeasureMemory']

declare global {
  var bench: BenchPage
}

export class PlaywrightBrowser implements BrowserDriver {
  readonly name: BrowserName
  readonly version: string
  readonly severalPages = true
  readonly lost: Promise<never>
  readonly #context: BrowserContext

  private constructor(name: BrowserName, version: string, context: BrowserContext) {
    this.name = name
    this.version = version
    this.#context = context
    this.lost = new Promise((_, reject) => {
      context.once('close', () => reject(new BrowserLost(`${name} went away`)))
    })
    // Whoever waits for the page races with it; between two waits nobody does.
    this.lost.catch(() => {})
  }

  static async launch(
    name: BrowserName,
    profile: string,
    log: (line: string) => void,
  ): Promise<PlaywrightBrowser> {
    const installation = await ensureBrowser(name, { log })
    const options = launchOptions(installation)
    const context = await { chromium, firefox }[name].launchPersistentContext(profile, {
      ...options,
      args: [...(options.args ?? []), ...(name === 'chromium' ? MEMORY_ARGS : [])],
      headless: true,
      // The CLI ends the browser itself, after it has written what was measured.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    })
    return new PlaywrightBrowser(name, installation.version, context)
  }

  async open(url: string): Promise<PageDriver> {
    const page = await this.#context.newPage()
    const driver = new PlaywrightPage(page)
    await page.goto(url, { timeout: OPEN_TIMEOUT_MS })
    return driver
  }

  async close(): Promise<void> {
    await this.#context.close().catch(() => {
      // It is closed already.
    })
  }
}

class PlaywrightPage implements PageDriver {
  readonly crashed: Promise<never>
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    this.crashed = new Promise((_, reject) => {
      page.once('crash', () => reject(new PageLost('the page crashed')))
    })
    this.crashed.catch(() => {})
  }

  call<Method extends keyof BenchPage>(
    method: Method,
    ...args: Parameters<BenchPage[Method]>
  ): Promise<Awaited<ReturnType<BenchPage[Method]>>> {
    type Answer = Awaited<ReturnType<BenchPage[Method]>>
    const call: readonly [Method, readonly unknown[]] = [method, args]
    return this.#page.evaluate<Answer, typeof call>(([name, given]) => {
      const { bench } = globalThis
      return (bench[name] as (...args: readonly unknown[]) => Answer).apply(bench, [...given])
    }, call)
  }

  async close(): Promise<void> {
    await this.#page.close().catch(() => {
      // It crashed, or went with its browser.
    })
  }
}
