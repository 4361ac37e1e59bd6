// A large store: it opens with bounded extra memory, tells how far it is, and what a sync costs depends on
// what has changed alone. LARGE_MIB=500 for the size that the README speaks of; the figures are printed.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Figures } from './large.page.ts'
import { browsers, launchesOf, serveSite, type Site } from './site.ts'

/** In files of 8 MiB. */
const MEBIBYTES = Math.ceil(Number(process.env['LARGE_MIB'] ?? 64) / 8) * 8
const DEADLINE_MS = 60_000 + MEBIBYTES * 500

let site: Site
let scratch: string

beforeAll(async () => {
  site = await serveSite('large.page')
  scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-large-'))
})

afterAll(async () => {
  await site?.close()
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
})

describe.each(browsers)('in %s', (name) => {
  it(
    `a store of ${MEBIBYTES} MiB`,
    async () => {
      const told = new Promise<Figures | { readonly failed: string }>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no figures')), DEADLINE_MS)
        site.onPost = (_what, value) => {
          clearTimeout(timer)
          resolve(value as Figures)
        }
      })
      const url = `${site.origin}/?mebibytes=${MEBIBYTES}`
      const end = await (await launchesOf(name))(url, join(scratch, name))
      const figures = await told.catch((error: unknown) => ({ failed: String(error) }))
      await end()
      console.log(name, MEBIBYTES, 'MiB', JSON.stringify(figures))
      if ('failed' in figures) throw new Error(figures.failed)
      expect(figures.bytesRead).toBe(MEBIBYTES * 2 ** 20)
      expect(figures.progress).toBeGreaterThanOrEqual(MEBIBYTES)
      // One chunk, whatever the size of the store; in time too, with room for a busy machine.
      expect(figures.bytesPerCommit).toBe(8 * 1024)
      expect(figures.commitMs).toBeLessThan(5 * figures.smallCommitMs + 20)
    },
    DEADLINE_MS + 30_000,
  )
})
