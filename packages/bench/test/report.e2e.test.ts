// The page of charts in real browsers: nothing is fetched, nothing overflows, and a keyboard is enough.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../../../tools/browsers.ts'
import { serve, type Server } from '../../../tools/serve.ts'
import { renderHtml } from '../src/report/html/page.ts'
import { sampleRun } from './sample-run.ts'

const PHONE = { width: 360, height: 740 }
const DESKTOP = { width: 1_280, height: 900 }

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
      for (const details of await page.locator('details').all()) {
        await details.evaluate((element) => ((element as HTMLDetailsElement).open = true))
      }
      const overflowing = await page.evaluate(() => {
        const isClipped = (element: Element): boolean => element.closest('.scroll, thead') !== null
        return [...document.querySelectorAll('body *:not(svg *)')]
          .filter((element) => !isClipped(element))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => `${element.tagName} ${element.textContent}`)
      })
      expect(overflowing).toEqual([])
      // The plots have room to be read.
      const plot = await page.locator('.level-strict .plot:visible').first().boundingBox()
      expect(plot?.width).toBeGreaterThan(70)
    }
  })

  test('can be read in light and dark: text stands out from what is behind it', async () => {
    const seen = new Set<string>()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const contrasts = await page.evaluate(contrastOf, ['body', 'header p', '.missing td', '.big'])
      expect(Math.min(...contrasts)).toBeGreaterThan(4)
      seen.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
    }
    // Playwright cannot ask a stock Firefox for another scheme than its own.
    expect(seen.size).toBe(name === 'chromium' ? 2 : 1)
    await page.emulateMedia({ colorScheme: null })
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

/** WCAG 2's contrast of the text of the first element of each selector. In the page. */
function contrastOf(selectors: readonly string[]): number[] {
  const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = ([red = 0, green = 0, blue = 0]: readonly number[]): number => {
    const linear = [red, green, blue].map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
  }
  const behind = (element: Element | null): number[] => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour.length === 3) return colour
    }
    return [255, 255, 255]
  }
  return selectors.map((selector) => {
    const element = document.querySelector(selector)
    if (element === null) throw new TypeError(`nothing is ${selector}`)
    const text = luminance(channels(getComputedStyle(element).color))
    const paper = luminance(behind(element))
    return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05)
  })
}
