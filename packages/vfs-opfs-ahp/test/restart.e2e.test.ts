// Whole browsers: a database is there after the browser was closed, and after it was killed with
// SIGKILL every acknowledged row is, at both durability levels.

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BROWSER_NAMES,
  ensureBrowser,
  launchPersistent,
  type BrowserInstallation,
} from '../../../tools/browsers.ts'
import { bundle, serve, type Server } from '../../../tools/serve.ts'

const ROWS = 40
const EXIT_DEADLINE_MS = 20_000

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

  it.each(['strict', 'relaxed'])(
    'a killed browser loses no acknowledged row (%s)',
    async (durability) => {
      const store = { name: `killed-${durability}`, options: { durability } }
      const context = await launchPersistent(browser, profile, { headless: true })
      const page = await openPage(context)
      await call(page, 'open', store)
      await call(page, 'exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
      for (let id = 0; id < ROWS; id++) {
        await call(page, 'exec', `INSERT INTO log VALUES (${id}, repeat('x', 500))`)
      }
      await killBrowser(profile)
      await context.close().catch(() => {
        // Its connection is gone, which is what was asked for.
      })

      await inBrowser(browser, profile, async (again) => {
        await call(again, 'open', store)
        expect(await call(again, 'query', 'SELECT count(*)::int AS n FROM log')).toEqual([
          { n: ROWS },
        ])
      })
    },
  )
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

/** SIGKILL to every process of the profile, so that nothing can be written on the way out. */
async function killBrowser(profile: string): Promise<void> {
  const deadline = Date.now() + EXIT_DEADLINE_MS
  for (;;) {
    const pids = await processesOf(profile)
    if (pids.length === 0) return
    if (Date.now() > deadline) throw new Error(`processes ${pids.join(', ')} do not end`)
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function processesOf(profile: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args='])
  return stdout
    .split('\n')
    .filter((line) => line.includes(profile))
    .map((line) => Number.parseInt(line, 10))
}
