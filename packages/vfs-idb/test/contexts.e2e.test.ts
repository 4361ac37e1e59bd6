// Every context that has IndexedDB: windows and workers of each kind, in normal and in private windows.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUND_TRIP } from './contexts.ts'
import { browsers, launchesOf, openPrivately, serveSite, type Site } from './site.ts'

const DEADLINE_MS = 100_000
const WORKS = {
  window: ROUND_TRIP,
  'dedicated worker': ROUND_TRIP,
  'shared worker': ROUND_TRIP,
  'service worker': ROUND_TRIP,
}

let site: Site
let scratch: string

beforeAll(async () => {
  site = await serveSite('contexts.page', ['contexts.worker'])
  scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-contexts-'))
})

afterAll(async () => {
  await site?.close()
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
})

function answers(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the page did not tell')), DEADLINE_MS)
    site.onPost = (_what, value) => {
      clearTimeout(timer)
      resolve(value)
    }
  })
}

describe.each(browsers)('in %s, a store works in each context', (name) => {
  it('of a window', async () => {
    const told = answers()
    const close = await (await launchesOf(name))(site.origin, join(scratch, name))
    try {
      expect(await told).toEqual(WORKS)
    } finally {
      await close()
    }
  })

  it('of a private window', async () => {
    const told = answers()
    const close = await openPrivately(name, site.origin, join(scratch, `${name}-private`))
    try {
      expect(await told).toEqual(WORKS)
    } finally {
      await close()
    }
  })
})
