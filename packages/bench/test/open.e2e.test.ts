// The interactive page in real browsers, by keyboard: it runs what its address says, keeps what others
// have stored, and its JSON is that of the command line.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../../../tools/browsers.ts'
import { serve, type Server } from '../../../tools/serve.ts'
import { compare } from '../src/compare/compare.ts'
import { buildOpenPage, serveOpenPage } from '../src/open/open.ts'
import { parseJson } from '../src/report/json.ts'
import { renderTables } from '../src/report/table.ts'
import type { BenchDocument } from '../src/schema.ts'
import { siteDirectories } from '../src/site.ts'
import { DESKTOP, looks, overflowing, PHONE } from './page-checks.ts'

const PROFILES = join(import.meta.dirname, '..', '..', '..', '.profiles')
/** Columns and workloads that take seconds, and need no Postgres. */
const WORK = 'workload=file-stat-100,file-append&durability=relaxed&samples='
const OURS = 'memory,opfs-ahp'
const RIVALS = 'zenfs-opfs,zenfs-idb,happy-opfs'
const SMALLER = `?backend=memory,idb&${WORK}`
/** For each wait: the machine may be busy. */
const DEADLINE_MS = 180_000

let directory = ''
let site = ''

beforeAll(async () => {
  // On disk, where a browser's profile belongs.
  mkdirSync(PROFILES, { recursive: true })
  directory = mkdtempSync(join(PROFILES, 'bench-open-'))
  site = join(directory, 'site')
  await buildOpenPage(site)
})

afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))

describe.each(BROWSER_NAMES)('in %s, the interactive page', (name) => {
  let context: BrowserContext
  let page: Page
  let server: Server
  const complaints: string[] = []

  beforeAll(async () => {
    server = await serve({ directories: siteDirectories(site) })
    context = await launchPersistent(await ensureBrowser(name), join(directory, `profile-${name}`))
    context.setDefaultTimeout(DEADLINE_MS)
    page = await context.newPage()
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.setViewportSize(DESKTOP)
  })

  afterAll(async () => {
    await context.close()
    await server.close()
  })

  async function open(url: string): Promise<void> {
    await page.goto(url)
    await page.waitForSelector('[data-ready]')
  }

  async function run(): Promise<void> {
    await page.locator('#run').focus()
    await page.keyboard.press('Enter')
    await page.locator('#cancel').waitFor({ state: 'visible' })
  }

  async function ended(): Promise<void> {
    await page.locator('#run:enabled').waitFor()
  }

  /** What a button offers for download. */
  async function saved(button: string): Promise<string> {
    await page.evaluate(() => {
      // A download leaves Firefox's keyboard in a panel of its own, and Playwright without an event.
      HTMLAnchorElement.prototype.click = function (this: HTMLAnchorElement) {
        document.documentElement.dataset['saved'] = this.href
      }
    })
    await page.locator(button).press('Enter')
    return page.evaluate(async () => {
      const { saved: url = '' } = document.documentElement.dataset
      return (await fetch(url)).text()
    })
  }

  test('runs what its address selects, and saves what the command line can read', async () => {
    // The rivals in one of the browsers, for the sake of time.
    const backends = name === 'chromium' ? `${OURS},${RIVALS}` : OURS
    const count = 2 * backends.split(',').length
    await open(`${server.url}/?backend=${backends}&${WORK}1`)
    expect(await page.locator('#alerts').textContent()).toBe('')
    await page.evaluate(storeSomething, 'of-somebody-else')
    await page.evaluate(storeSomething, 'wasm-vfs-bench-left-behind')
    await run()
    await ended()
    expect(await page.locator('#doing').textContent()).toMatch(/^Done: 1 whole round in \d+:\d\d/)
    const cells = await page.locator('.level-relaxed [data-cell]').allTextContents()
    expect(cells).toHaveLength(count)
    for (const text of cells) expect(text.trim()).toMatch(/^[\d.,]+ (µs|ms)/)
    expect(await page.locator('.level-relaxed figure rect').count()).toBe(count)
    expect(await page.evaluate(whatIsStored)).toEqual(['of-somebody-else', 'of-somebody-else'])

    const document = parseJson(await saved('#save-json'))
    expect(document).toMatchObject({ complete: true, rounds: 1 })
    expect(document.env.browser.name).toBe(name)
    expect(document.env.node).toBeUndefined()
    expect(compare(document, document).cells).toHaveLength(count)
    expect(renderTables(document, 100)).toContain('file-append')
    const report = await saved('#save-html')
    expect(report).toContain('in a browser that somebody was using')
    expect(complaints).toEqual([])
  })

  test('that is cancelled keeps what was measured, and removes what was stored', async () => {
    await open(`${server.url}/${SMALLER}900`)
    await run()
    await page.locator('#doing:text("round 2")').waitFor()
    await page.locator('#cancel').press('Enter')
    await ended()
    expect(await page.locator('#doing').textContent()).toMatch(/^Cancelled: \d+ whole rounds? in /)
    const document: BenchDocument = parseJson(await saved('#save-json'))
    expect(document.complete).toBe(false)
    expect(document.results.every(({ samples }) => samples.length > 0)).toBe(true)
    expect(await page.evaluate(whatIsStored)).toEqual(['of-somebody-else', 'of-somebody-else'])
  })

  test('has the selection in its address, and names what it does not know', async () => {
    await open(`${server.url}/`)
    await page.locator('input[value=strict]').press('Space')
    expect(new URL(page.url()).search).toBe('?durability=relaxed')
    expect(await page.locator('#command').textContent()).toBe('pnpm bench --durability relaxed')
    await page.locator('[data-preset=quick]').press('Enter')
    const quick = new URL(page.url()).searchParams.get('workload')?.split(',')
    expect(quick?.toSorted()).toEqual([
      'pg-close',
      'pg-create',
      'pg-insert-small',
      'pg-reopen',
      'pg-select-small',
    ])
    await page.locator('[data-preset=default]').press('Enter')
    expect(new URL(page.url()).search).toBe('')
    await page.locator('[data-preset=full]').press('Enter')
    expect(new URL(page.url()).search).toBe('?backend=*&workload=*')
    // What only a driven browser can measure is shown, and cannot be chosen.
    expect(await page.locator('input[value=vfs-large-memory]').isDisabled()).toBe(true)

    await open(`${server.url}/?backend=memory,nothing`)
    expect(await page.locator('#alerts').textContent()).toContain("cannot be 'nothing'")
    expect(await page.locator('input[value=opfs-ahp]').isChecked()).toBe(true)
  })

  test('fits a phone and a desk, and can be read in light and dark', async () => {
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport)
      await open(`${server.url}/`)
      expect(await overflowing(page)).toEqual([])
    }
    const texts = ['body', '.choice small', '.section summary', '#run', '.command']
    const [light, dark] = [await looks(page, 'light', texts), await looks(page, 'dark', texts)]
    expect(Math.min(light.contrast, dark.contrast)).toBeGreaterThan(4)
  })

  test('isolates itself where the server sends no headers', async () => {
    const plain = await serve({ directories: siteDirectories(site), isolated: false })
    try {
      await open(`${plain.url}/`)
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
      expect(await page.locator('.features .no').count()).toBe(0)
    } finally {
      await plain.close()
    }
  })

  test('says what is missing where it cannot be isolated', async () => {
    const plain = await serve({ directories: siteDirectories(site), isolated: false })
    try {
      await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'))
      await open(`${plain.url}/`)
      expect(await page.locator('#alerts').textContent()).toContain('not cross-origin isolated')
      expect(await page.locator('input[value=opfs-worker]').isDisabled()).toBe(true)
      expect(await page.locator('input[value=opfs-ahp]').isChecked()).toBe(true)
    } finally {
      await plain.close()
    }
  })
})

test('a port that is in use is named', async () => {
  const other = await serve({ directories: { '/': directory } })
  const port = Number(new URL(other.url).port)
  const { signal } = new AbortController()
  await expect(serveOpenPage(port, signal, () => {})).rejects.toThrow(
    `Port ${port} is in use: choose another with --port.`,
  )
  await other.close()
})

/** In the page: a directory in OPFS and a database. */
async function storeSomething(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  await root.getDirectoryHandle(name, { create: true })
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
    request.onerror = () => reject(new Error('no database'))
  })
}

async function whatIsStored(): Promise<string[]> {
  const names: string[] = []
  const root = await navigator.storage.getDirectory()
  for await (const name of root.keys()) names.push(name)
  for (const { name } of await indexedDB.databases()) names.push(name ?? '')
  return names
}
