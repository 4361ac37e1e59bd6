// A full disk, for real: Chromium gives the origin less than the database wants, in the middle of its
// commits. What was acknowledged is there afterwards, and with room again the database goes on.

import type { CDPSession, Page } from 'playwright'
import { describe, expect, it } from 'vitest'
import { ensureBrowser } from '../../browsers.ts'
import { call, KillSite } from './site.ts'
import type { Filled, Inspection } from './worker.ts'

const STORE = 'full'
/**
 * How much more than it has the origin may take, in bytes: while a database is open, and before it is, when
 * Chromium counts at least 1 MiB for each file that it first writes to.
 */
const ROOM = { 'while it is open': 6_000_000, 'before it is opened': 24_000_000 } as const

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
  ['opfs-ahp', 'strict', 'while it is open'],
  ['opfs-ahp', 'relaxed', 'while it is open'],
  ['opfs-worker', 'strict', 'while it is open'],
  ['opfs-ahp', 'strict', 'before it is opened'],
  ['opfs-worker', 'strict', 'before it is opened'],
] as const
/** From the write that wanted the space: Postgres survives that, unless it was for its log. */
const REFUSED =
  /^(?!.*fsync).*(could not extend file .* No space left on device|no space left on device, write ')/
/** Where writes are posted, that there is less space than a moment ago may be found out later. */
const SUDDEN = /ENOSPC|No space left/

describe('on a disk that becomes full', () => {
  it.each(STORES)('%s (%s) loses nothing that was acknowledged: %s', async (...store) => {
    const [backend, durability, when] = store
    const site = new KillSite(await ensureBrowser('chromium', {}))
    const ask = (page: Page, task: string, argument?: unknown): Promise<unknown> =>
      call(page, backend, STORE, task, argument)
    const isSudden = when === 'while it is open'
    try {
      await site.open([backend])
      const page = await site.newPage()
      const cdp = await page.context().newCDPSession(page)
      await ask(page, 'open', { name: STORE, durability })
      if (!isSudden) await ask(page, 'close')
      await setQuota(cdp, site.origin, (await usage(page)) + ROOM[when])
      if (!isSudden) await ask(page, 'open', { name: STORE, durability })
      const filled = (await ask(page, 'fill')) as Filled
      expect(filled.error).toMatch(isSudden && backend === 'opfs-worker' ? SUDDEN : REFUSED)
      // A checkpoint on the full disk must take nothing with it either. Where there is no room for its files,
      // or was none for a segment of the log, Postgres has stopped itself.
      await ask(page, 'checkpoint').catch(() => {})
      await page.evaluate(() => globalThis.kills.terminateAll())

      await setQuota(cdp, site.origin)
      await ask(page, 'open', { name: STORE, durability })
      const { findings } = (await ask(page, 'inspect')) as Inspection
      expect(findings).toEqual([])
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
