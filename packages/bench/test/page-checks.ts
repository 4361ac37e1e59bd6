// Whether a page can be read: what the tests of the report and of the interactive page ask of both.

import type { Page } from 'playwright'

export const PHONE: { readonly width: number; readonly height: number } = {
  width: 360,
  height: 740,
}
export const DESKTOP: { readonly width: number; readonly height: number } = {
  width: 1_280,
  height: 900,
}

/** What sticks out of the window on the right, everything unfolded. */
export async function overflowing(page: Page): Promise<string[]> {
  for (const details of await page.locator('details').all()) {
    await details.evaluate((element) => ((element as HTMLDetailsElement).open = true))
  }
  return page.evaluate(() => {
    const isClipped = (element: Element): boolean => element.closest('.scroll, thead') !== null
    return [...document.querySelectorAll('body *:not(svg *)')]
      .filter((element) => !isClipped(element))
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => `${element.tagName} ${element.textContent}`)
  })
}

/** How the page looks in one scheme: its background, and the least contrast of some of its texts. */
export async function looks(
  page: Page,
  colorScheme: 'light' | 'dark',
  selectors: readonly string[],
): Promise<{ readonly paper: string; readonly contrast: number }> {
  await page.emulateMedia({ colorScheme })
  const contrasts = await page.evaluate(contrastOf, selectors)
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.emulateMedia({ colorScheme: null })
  return { paper, contrast: Math.min(...contrasts) }
}

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
