// What browsers do to storage, done by the browsers themselves: a quota that is used up, site data that
// is cleared, pages that go into the back/forward cache.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, firefox, type BrowserContext, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  BROWSER_NAMES,
  ensureBrowser,
  launchOptions,
  type BrowserName,
} from '../../../tools/browsers.ts'
import { serveSite, type Site } from './site.ts'

const MIB = 1 << 20

let site: Site
let scratch: string
let context: BrowserContext

beforeAll(async () => {
  site = await serveSite('storage.page')
})

afterAll(() => site?.close())

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-storage-'))
})

afterEach(async () => {
  await context?.close()
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
})

async function launch(name: BrowserName): Promise<void> {
  context = await { chromium, firefox }[name].launchPersistentContext(scratch, {
    ...launchOptions(await ensureBrowser(name)),
    headless: true,
    // Playwright turns it off in Chromium.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
}

async function openPage(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.origin)
  await page.waitForFunction(() => 'storageDriver' in globalThis)
  return page
}

function call(page: Page, task: string, ...args: readonly unknown[]): Promise<unknown> {
  return page.evaluate(
    ([name, given]) => {
      const tasks = globalThis.storageDriver as unknown as Record<
        string,
        (...all: unknown[]) => unknown
      >
      return tasks[name as string]!(...(given as unknown[]))
    },
    [task, args],
  )
}

describe('a quota that is used up, in chromium', () => {
  it('is ENOSPC from the sync; the store goes on, and has everything once there is room', async () => {
    await launch('chromium')
    const page = await openPage()
    const tools = await context.newCDPSession(page)
    const { origin } = site
    // Before the store is open: what is left is asked for now and then only.
    await tools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 8 * MIB })
    expect(await call(page, 'open', 'quota')).toBe('done')
    await call(page, 'write', 'kept', MIB)
    expect(await call(page, 'sync')).toBe('done')
    await call(page, 'write', 'large', 30 * MIB)
    await call(page, 'write', 'kept', 2 * MIB)
    const refused = (await call(page, 'sync')) as string
    expect(refused).toMatch(/^ENOSPC.*the quota is used up/)
    // What it has in memory is whole, and can be changed.
    expect(await call(page, 'sizes')).toEqual([2 * MIB, 30 * MIB])
    await call(page, 'write', 'small', 1000)
    await tools.send('Storage.overrideQuotaForOrigin', { origin })
    const synced = async (): Promise<void> => expect(await call(page, 'sync')).toBe('done')
    await vi.waitFor(synced, { timeout: 60_000, interval: 1000 })
    await call(page, 'remove', 'large')
    expect(await call(page, 'sync')).toBe('done')
    expect(await call(page, 'close')).toBe('done')
    expect(await call(page, 'open', 'quota')).toBe('done')
    expect(await call(page, 'names')).toEqual(['kept', 'small'])
    expect(await call(page, 'sizes')).toEqual([2 * MIB, 1000])
  })
})

describe.each(BROWSER_NAMES)('in %s', (name) => {
  beforeEach(() => launch(name))

  it('a store whose site data is cleared says so, can be read, and is opened anew', async () => {
    const page = await openPage()
    expect(await call(page, 'open', 'cleared')).toBe('done')
    await call(page, 'write', 'kept', MIB)
    expect(await call(page, 'sync')).toBe('done')
    await call(page, 'clearSiteData')
    await call(page, 'write', 'more', 1000)
    expect(await call(page, 'sync')).toMatch(/^EIO.*was deleted while it was open/)
    expect(await call(page, 'sizes')).toEqual([MIB, 1000])
    expect(await call(page, 'close')).toMatch(/^EIO.*was deleted while it was open/)
    expect(await call(page, 'open', 'cleared')).toBe('done')
    expect(await call(page, 'names')).toEqual([])
  })

  it('a page with a store can be left and come back to, with all that was synced', async () => {
    const page = await openPage()
    expect(await call(page, 'open', 'left')).toBe('done')
    await call(page, 'write', 'before', 1000)
    expect(await call(page, 'sync')).toBe('done')
    await leaveAndComeBack(page)
    // Chromium brings the page back with its open store; Firefox does not cache a page that holds a Web
    // Lock, and loads it anew.
    const cached = await page.evaluate(() => globalThis.mark === 'here before')
    expect(cached).toBe(name === 'chromium')
    const opened = cached ? 'done' : await call(page, 'open', 'left')
    expect(opened).toBe('done')
    await call(page, 'write', 'after', 1000)
    expect(await call(page, 'sync')).toBe('done')
    expect(await call(page, 'close')).toBe('done')
    expect(await call(page, 'open', 'left')).toBe('done')
    expect(await call(page, 'names')).toEqual(['before', 'after'])
  })

  it('a page in the back/forward cache does not keep others from its store', async () => {
    const page = await openPage()
    expect(await call(page, 'open', 'wanted')).toBe('done')
    await call(page, 'write', 'before', 1000)
    expect(await call(page, 'sync')).toBe('done')
    await page.goto(`${site.origin}/elsewhere`)
    const other = await openPage()
    expect(await call(other, 'open', 'wanted')).toBe('done')
    expect(await call(other, 'names')).toEqual(['before'])
    expect(await call(other, 'close')).toBe('done')
  })
})

declare global {
  var mark: string | undefined
}

async function leaveAndComeBack(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.mark = 'here before'
  })
  await page.goto(`${site.origin}/elsewhere`)
  await page
    .evaluate(() => history.back())
    .catch(() => {
      // The page that was asked is gone.
    })
  // A page out of the cache has no event that Playwright waits for.
  await page.waitForFunction(() => location.pathname === '/' && 'storageDriver' in globalThis)
}
