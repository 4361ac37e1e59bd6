// Whole pages: the I/O worker from a blob and, under a content security policy, from a file; a page that
// is not isolated; and a program with threads, whose heap the I/O worker reads and writes without a copy.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../../../tools/browsers.ts'
import { selfContained } from '../../../tools/inline-worker.ts'
import { bundle, serve, type Server } from '../../../tools/serve.ts'
import type { Transcoded } from './programs.worker.ts'

const require = createRequire(import.meta.url)
const FFMPEG = dirname(require.resolve('@ffmpeg/core-mt')).replace(/umd$/, 'esm')

let site: string
let plain: Server
let strictPolicy: Server
let notIsolated: Server

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'wasm-vfs-programs-'))
  await bundle({
    entries: {
      'programs.page': join(import.meta.dirname, 'programs.page.ts'),
      'programs.worker': join(import.meta.dirname, 'programs.worker.ts'),
    },
    outdir: site,
  })
  // What the build makes of the entry `./worker`.
  const script = join(import.meta.dirname, '../src/worker.ts')
  await writeFile(join(site, 'io-worker.js'), await selfContained(script, { minify: false }))
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>programs</title>' +
      '<script type="module" src="./programs.page.js"></script>',
  )
  const directories = { '/': site, '/ffmpeg': FFMPEG }
  plain = await serve({ directories })
  notIsolated = await serve({ directories, isolated: false })
  const headers = { 'Content-Security-Policy': "worker-src 'self'; script-src 'self'" }
  strictPolicy = await serve({ directories, headers })
})

afterAll(async () => {
  for (const server of [plain, strictPolicy, notIsolated]) await server?.close()
  await rm(site, { recursive: true, force: true })
})

describe.each(BROWSER_NAMES)('opfs-worker in %s', (browserName) => {
  let profile: string
  let context: BrowserContext

  beforeAll(async () => {
    const browser = await ensureBrowser(browserName, {})
    profile = await mkdtemp(join(tmpdir(), `wasm-vfs-programs-${browserName}-`))
    context = await launchPersistent(browser, profile, { headless: true })
  })

  afterAll(async () => {
    await context?.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })

  async function openPage(server: Server): Promise<Page> {
    const page = await context.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => 'listOpfs' in globalThis)
    return page
  }

  it('starts its I/O worker from a blob', async () => {
    const page = await openPage(plain)
    expect(await call(page, 'life', {})).toBe('kept')
    await page.close()
  })

  it('starts it from a file where a content security policy forbids blobs, and says so', async () => {
    const page = await openPage(strictPolicy)
    await expect(call(page, 'life', {})).rejects.toThrow(/EIO.*content security policy/)
    expect(await call(page, 'life', { worker: '/io-worker.js' })).toBe('kept')
    await page.close()
  })

  it('says on a page that is not isolated which headers it needs, and which backend does not', async () => {
    const page = await openPage(notIsolated)
    await expect(call(page, 'life', {})).rejects.toThrow(
      /ENOTSUP.*Cross-Origin-Opener-Policy.*@wasm-vfs\/opfs-ahp/,
    )
    await page.close()
  })

  it('serves FFmpeg, built with pthreads, without a copy; other code can read its files', async () => {
    const page = await openPage(plain)
    const script = `${plain.url}/ffmpeg/ffmpeg-core.js`
    const done = (await call(page, 'ffmpeg', { name: 'media', script })) as Transcoded
    expect(done).toMatchObject({ status: 0, frames: 20, signature: 'ftyp' })
    expect(done.stats.bytesCopied).toBe(0)
    expect(done.stats.bytesWritten).toBeGreaterThan(20 * 320 * 240 * 3)
    expect(done.stats.bytesRead).toBeGreaterThanOrEqual(done.video)

    const files = await page.evaluate((directory) => globalThis.listOpfs(directory), 'media')
    expect(files['v.mp4']).toEqual({ size: done.video, head: expect.stringContaining('ftyp') })
    expect(files['frame-20.ppm']?.size).toBe('P6\n320 240\n255\n'.length + 320 * 240 * 3)
    expect(files['frame-20.ppm']?.head).toMatch(/^P6\n320 240/)
    await call(page, 'remove', 'media')
    await page.close()
  })
})

function call(page: Page, task: string, argument?: unknown): Promise<unknown> {
  return page.evaluate(
    ([name, value]) => globalThis.callProgram(name as string, value),
    [task, argument],
  )
}
