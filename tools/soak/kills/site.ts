// The site that the rounds and the tests of contention drive: the page, a worker for each backend, and
// the oracle beside them, with a browser profile of its own.

import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { launchPersistent, type BrowserInstallation } from '../../browsers.ts'
import { bundle, serve, type Server } from '../../serve.ts'
import { killBrowser } from '../../kill.ts'
import { Oracle } from './oracle.ts'
import { writeSqlite } from './sqlite.ts'

export class KillSite {
  readonly oracle: Oracle = new Oracle()
  readonly #browser: BrowserInstallation
  #folder = ''
  #profile = ''
  #server: Server | undefined
  #context: BrowserContext | undefined

  constructor(browser: BrowserInstallation) {
    this.#browser = browser
  }

  /** Each backend's worker is `<backend>.worker.ts` in this folder; of programs `<backend>.programs.worker.ts`. */
  async open(backends: Iterable<string>): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'wasm-vfs-kills-site-'))
    this.#profile = await mkdtemp(join(tmpdir(), `wasm-vfs-kills-${this.#browser.name}-`))
    process.once('exit', this.#removeFolders)
    const source = (name: string): string => join(import.meta.dirname, `${name}.ts`)
    const entries: Record<string, string> = { page: source('page') }
    for (const name of backends) entries[`${name}.worker`] = source(`${name}.worker`)
    entries['probed.io-worker'] = source('probed.io-worker')
    await bundle({ entries, outdir: this.#folder })
    await writeSqlite(this.#folder)
    await writeFile(
      join(this.#folder, 'index.html'),
      '<!doctype html><meta charset="utf-8"><title>kills</title>' +
        '<script type="module" src="./page.js"></script>',
    )
    this.#server = await serve({ directories: { '/': this.#folder } })
    await this.oracle.open()
  }

  get origin(): string {
    return this.#server!.url
  }

  /** Another tab; the browser is started if it does not run. */
  async newPage(): Promise<Page> {
    this.#context ??= await launchPersistent(this.#browser, this.#profile, { headless: true })
    const page = await this.#context.newPage()
    await page.goto(this.origin)
    await page.waitForFunction(() => 'kills' in globalThis)
    return page
  }

  /** SIGKILL to the whole browser. Its tabs are gone. */
  async kill(): Promise<void> {
    await killBrowser(this.#profile)
    await this.#context?.close().catch(() => {
      // Its connection is gone, which is what was asked for.
    })
    this.#context = undefined
  }

  /** Ends everything and removes the profile. */
  async close(): Promise<void> {
    if (this.#profile !== '') await this.kill()
    await this.oracle.close()
    await this.#server?.close()
    for (const folder of [this.#folder, this.#profile]) {
      if (folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
    process.off('exit', this.#removeFolders)
  }

  // Playwright ends the process at once on SIGINT.
  readonly #removeFolders = (): void => {
    for (const folder of [this.#folder, this.#profile]) {
      if (folder !== '') rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Asks the worker of a store in one tab. */
export function call(
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

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
