// A full disk, for real: Chromium gives the origin less than the database wants, in the middle of its
// commits. What was acknowledged is there afterwards, and with room again the database goes on.

import type { CDPSession, Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { ensureBrowser } from '../../browsers.ts'
import { call, KillSite } from './site.ts'
import type { Filled, Inspection } from './worker.ts'

const STORE = 'full'
/** How much more than it has the origin may take, in bytes. */
const ROOM = 6_000_000

/** Undefined lifts the limit. */
async function setQuota(cdp: CDPSession, origin: string, quotaSize?: number): Promise<void> {
  await cdp.send('Storage.overrideQuotaForOrigin', {
    origin,
    ...(quotaSize !== undefined && { quotaSize }),
  })
}

function usage(page: Page): Promise<number> {
  return page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0)
}

// Chromium counts what IndexedDB takes late, so there a full disk is met by fewer, larger syncs: see
// packages/vfs-idb/test/storage.e2e.test.ts.
const STORES = [
  ['opfs-ahp', 'strict'],
  ['opfs-ahp', 'relaxed'],
  ['opfs-worker', 'strict'],
] as const

describe('on a full disk', () => {
  it.each(STORES)('%s loses nothing that was acknowledged (%s)', async (backend, durability) => {
    const site = new KillSite(await ensureBrowser('chromium', {}))
    const ask = (page: Page, task: string, argument?: unknown): Promise<unknown> =>
      call(page, backend, STORE, task, argument)
    try {
      await site.open([backend])
      const page = await site.newPage()
      const cdp = await page.context().newCDPSession(page)
      await ask(page, 'open', { name: STORE, durability })
      await setQuota(cdp, site.origin, (await usage(page)) + ROOM)
      const filled = (await ask(page, 'fill')) as Filled
      expect(filled.error).toMatch(/space|ENOSPC|PANIC|panic/i)
      // A checkpoint on a full disk may fail as well, and must take nothing with it either.
      const checkpoint = await ask(page, 'checkpoint').then(
        () => 'done',
        (error: unknown) => String(error),
      )
      await page.evaluate(() => globalThis.kills.terminateAll())

      await setQuota(cdp, site.origin)
      await ask(page, 'open', { name: STORE, durability })
      const { findings } = (await ask(page, 'inspect')) as Inspection
      expect(findings).toEqual([])
      console.log(
        `${backend}: ${filled.rows} rows, then ${filled.error}; checkpoint: ${checkpoint}`,
      )
      const rows = (await ask(page, 'filled')) as number
      expect(rows).toBeGreaterThanOrEqual(filled.rows)
      expect(rows).toBeLessThanOrEqual(filled.rows + 1)
      await ask(page, 'checkpoint')
      await ask(page, 'close')
    } finally {
      await site.close()
    }
  })
})
