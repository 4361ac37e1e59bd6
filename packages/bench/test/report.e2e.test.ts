// The page of charts in real browsers: nothing is fetched, nothing overflows, and a keyboard is enough.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../../../tools/browsers.ts'
import { serve, type Server } from '../../../tools/serve.ts'
import { renderHtml } from '../src/report/html/page.ts'
import { DESKTOP, looks, overflowing, PHONE } from './page-checks.ts'
import { sampleRun } from './sample-run.ts'

describe.each(BROWSER_NAMES)('in %s, the report', (name) => {
  let directory = ''
  let context: BrowserContext
  let page: Page
  let server: Server
  const requests: string[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bench-report-'))
    mkdirSync(join(directory, 'site'))
    writeFileSync(join(directory, 'site', 'report.html'), renderHtml(sampleRun()))
    server = await serve({ directories: { '/': join(directory, 'site') } })
    context = await launchPersistent(await ensureBrowser(name), join(directory, 'profile'))
    page = await context.newPage()
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.setViewportSize(DESKTOP)
    await page.goto(`${server.url}/report.html`)
  })

  afterAll(async () => {
    await context.close()
    await server.close()
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  })

  test('asks for nothing but itself and says nothing on the console', () => {
    expect(requests.filter((url) => !url.startsWith('data:'))).toHaveLength(1)
    expect(complaints).toEqual([])
  })

  test('shows an error message as text', async () => {
    expect(await page.title()).toContain('Browser storage')
    const message = page.locator('.reasons').getByText('document.title = "taken"')
    expect(await message.isVisible()).toBe(true)
  })

  test('fits a phone and a desk', async () => {
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport)
      expect(await overflowing(page)).toEqual([])
      // The plots have room to be read.
      const plot = await page.locator('.level-strict .plot:visible').first().boundingBox()
      expect(plot?.width).toBeGreaterThan(70)
    }
  })

  test('can be read in light and dark: text stands out from what is behind it', async () => {
    const texts = ['body', 'header p', '.missing td', '.big']
    const [light, dark] = [await looks(page, 'light', texts), await looks(page, 'dark', texts)]
    expect(Math.min(light.contrast, dark.contrast)).toBeGreaterThan(4)
    // Playwright cannot ask a stock Firefox for another scheme than its own.
    expect(light.paper === dark.paper).toBe(name !== 'chromium')
  })

  test('draws longer bars for what takes longer', async () => {
    await page.setViewportSize(DESKTOP)
    const widths = await page
      .locator('.level-strict figure:has-text("pg-create") rect')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width))
    expect(widths).toHaveLength(4)
    expect(widths).toEqual(widths.toSorted((a, b) => a - b))
    expect(widths.at(-1)).toBeGreaterThan(50)
  })

  test('changes its level and unfolds its groups by keyboard alone', async () => {
    await page.reload()
    const strict = page.locator('.level-strict h2').first()
    const relaxed = page.locator('.level-relaxed h2').first()
    expect([await strict.isVisible(), await relaxed.isVisible()]).toEqual([true, false])
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('level-strict')
    await page.keyboard.press('ArrowRight')
    expect([await strict.isVisible(), await relaxed.isVisible()]).toEqual([false, true])

    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY')
    await page.keyboard.press('Enter')
    expect(await page.locator('.level-relaxed details[open] figure').first().isVisible()).toBe(true)
  })
})
