// Chromium drops a pending `createSyncAccessHandle` when its file handle is garbage collected, and the promise
// never settles. Here the collector runs all the time.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureBrowser, launchPersistent } from '../../../../tools/browsers.ts'
import { bundle, serve, type Server } from '../../../../tools/serve.ts'
import type { CollectedReply, CollectedRequest } from './collected.worker.ts'

/** Far beyond what an open takes, and short for a test that waits for it. */
const DEADLINE_MS = 5000

let site: string
let server: Server

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'wasm-vfs-collected-'))
  const worker = join(import.meta.dirname, 'collected.worker.ts')
  await bundle({ entries: { 'collected.worker': worker }, outdir: site })
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>collected</title>',
  )
  server = await serve({ directories: { '/': site } })
})

afterAll(async () => {
  await server?.close()
  await rm(site, { recursive: true, force: true })
})

async function inChromium(request: CollectedRequest): Promise<CollectedReply> {
  const browser = await ensureBrowser('chromium', {})
  const profile = await mkdtemp(join(tmpdir(), 'wasm-vfs-collected-profile-'))
  try {
    const context = await launchPersistent(browser, profile, { args: ['--js-flags=--expose-gc'] })
    try {
      const page = await context.newPage()
      await page.goto(server.url)
      return await page.evaluate(
        (asked) =>
          new Promise<CollectedReply>((resolve, reject) => {
            const worker = new Worker('./collected.worker.js', { type: 'module' })
            worker.onmessage = ({ data }) => {
              if ('error' in data) reject(new Error(data.error))
              else resolve(data)
            }
            worker.onerror = ({ message }) => reject(new Error(message))
            worker.postMessage(asked)
          }),
        request,
      )
    } finally {
      await context.close()
    }
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

it('handles that are opened under constant garbage collection are all opened', async () => {
  const reply = await inChromium({
    way: 'openAccessHandle',
    handles: 300,
    atATime: 10,
    deadlineMs: DEADLINE_MS,
  })
  expect(reply).toEqual({ opened: 300, failures: [], hanging: 0 })
})

it('without the file handle some of them hang, so this test can fail', async () => {
  const reply = await inChromium({
    way: 'raw',
    handles: 30,
    atATime: 10,
    deadlineMs: DEADLINE_MS,
  })
  expect(reply.failures).toEqual([])
  expect(reply.hanging).toBeGreaterThan(0)
})
