// Browser tests in WebKitGTK: a provider for vitest's browser mode, used by the project `webkit` of
// vitest.config.ts. It opens the page and ends the browser; vitest's own page in it does the rest, so
// tests that need to drive the browser (clicks, screenshots) cannot run here.

import { rm } from 'node:fs/promises'
import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider, BrowserProviderOption } from 'vitest/node'
import { launchWebKit, type WebKitBrowser } from './webkit.ts'

export interface WebKitProviderOptions {
  /** On disk and of this run alone; removed at its end. */
  readonly profileDir: string
}

export function webkit(options: WebKitProviderOptions): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkit'],
    options,
    providerFactory: () => new WebKitProvider(options.profileDir),
  })
}

class WebKitProvider implements BrowserProvider {
  readonly name = 'webkitgtk'
  // One profile, one browser.
  readonly supportsParallelism = false
  readonly #profileDir: string
  #browser: WebKitBrowser | undefined

  constructor(profileDir: string) {
    this.#profileDir = profileDir
  }

  getCommandsContext(): Record<string, unknown> {
    return {}
  }

  async openPage(_sessionId: string, url: string): Promise<void> {
    await this.#browser?.close()
    this.#browser = await launchWebKit(url, { profileDir: this.#profileDir })
  }

  async close(): Promise<void> {
    await this.#browser?.close()
    await rm(this.#profileDir, { recursive: true, force: true, maxRetries: 5 })
  }
}
