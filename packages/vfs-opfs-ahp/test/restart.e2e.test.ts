// Whole browsers: a database is there after the browser was closed. What is there after it was killed is
// the business of tools/soak/kills.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BROWSER_NAMES,
  ensureBrowser,
  launchPersistent,
  type BrowserInstallation,
} from '../../../tools/browsers.ts'
import { bundle, serve, type Server } from '../../../tools/serve.ts'

let site: string
let server: Server

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'wasm-vfs-restart-'))
  await bundle({
    entries: {
      'restart.page': join(import.meta.dirname, 'restart.page.ts'),
      'pglite.worker': join(import.meta.dirname, 'pglite.worker.ts'),
    },
    outdir: site,
  })
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>restart</title>' +
      '<script type="module" src="./restart.page.js"></script>',
  )
  server = await serve({ directories: { '/': site } })
})

afterAll(async () => {
  await server?.close()
  await rm(site, { recursive: true, force: true })
})

describe.each(BROWSER_NAMES)('in %s', (browserName) => {
  let browser: BrowserInstallation
  let profile: string

  beforeAll(async () => {
    browser = await ensureBrowser(browserName, {})
    profile = await mkdtemp(join(tmpdir(), `wasm-vfs-restart-${browserName}-`))
  })

  afterAll(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))

  it('a database survives closing and reopening the browser', async () => {
    await inBrowser(browser, profile, async (page) => {
      await call(page, 'open', { name: 'kept' })
      await call(page, 'exec', 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (42)')
      await call(page, 'close')
    })
    await inBrowser(browser, profile, async (page) => {
      await call(page, 'open', { name: 'kept' })
      expect(await call(page, 'query', 'SELECT id FROM kept')).toEqual([{ id: 42 }])
    })
  })
})

async function inBrowser(
  browser: BrowserInstallation,
  profile: string,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await launchPersistent(browser, profile, { headless: true })
  try {
    await work(await openPage(context))
  } finally {
    await context.close()
  }
}

async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(server.url)
  await page.waitForFunction(() => 'callWorker' in globalThis)
  return page
}

function call(page: Page, task: string, argument?: unknown): Promise<unknown> {
  return page.evaluate(
    ([name, value]) => globalThis.callWorker(name as string, value),
    [task, argument],
  )
}
