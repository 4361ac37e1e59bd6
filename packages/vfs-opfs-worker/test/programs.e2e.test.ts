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

const SOURCE = 'testsrc=duration=2:size=320x240:rate=10'
const VIDEO = '/media/v.mp4'
const ENCODE = ['-f', 'lavfi', '-i', SOURCE, '-c:v', 'mpeg4', '-threads', '2', VIDEO]
const DECODE = ['-i', VIDEO, '-threads', '2', '/media/frame-%02d.ppm']

const ALONE_DEADLINE_MS = 20_000

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

  async function ffmpeg(...options: string[]): Promise<Transcoded> {
    const page = await openPage(plain)
    const script = `${plain.url}/ffmpeg/ffmpeg-core.js`
    const done = (await call(page, 'ffmpeg', { name: 'media', script, options })) as Transcoded
    await page.close()
    return done
  }

  it('starts its I/O worker from a blob', async () => {
    const page = await openPage(plain)
    expect(await call(page, 'life', {})).toBe('kept')
    await page.close()
  })

  it('makes its I/O worker itself, where nobody makes one for it', async () => {
    // Firefox sometimes waits in `new Worker` for good: see ../src/client/supply.ts.
    const attempts = browserName === 'firefox' ? 4 : 1
    for (let attempt = 1; ; attempt++) {
      const page = await openPage(plain)
      const kept = call(page, 'life', { alone: true })
      const late = new Promise((resolve) => setTimeout(resolve, ALONE_DEADLINE_MS, 'no answer'))
      const outcome = await Promise.race([kept, late])
      void kept.catch(() => {})
      await page.close()
      if (outcome === 'no answer' && attempt < attempts) continue
      expect(outcome).toBe('kept')
      return
    }
  })

  it('starts it from a file where a content security policy forbids blobs, and says so', async () => {
    const page = await openPage(strictPolicy)
    await expect(call(page, 'life', {})).rejects.toThrow(/EIO.*content security policy/)
    expect(await call(page, 'life', { script: '/io-worker.js' })).toBe('kept')
    await page.close()
  })

  it('says on a page that is not isolated which headers it needs, and which backend does not', async () => {
    const page = await openPage(notIsolated)
    await expect(call(page, 'life', {})).rejects.toThrow(
      /ENOTSUP.*Cross-Origin-Opener-Policy.*@wasm-vfs\/opfs-ahp/,
    )
    await page.close()
  })

  // In Firefox FFmpeg comes to a standstill in about every second run, without any file system: it makes
  // dozens of threads from a worker, and each may be the one whose `new Worker` never returns.
  if (browserName !== 'chromium') return
  it('serves FFmpeg, built with pthreads, without a copy; other code can read its files', async () => {
    const encoded = await ffmpeg(...ENCODE)
    expect(encoded).toMatchObject({ status: 0, frames: 0, signature: 'ftyp' })
    expect(encoded.stats.bytesCopied).toBe(0)
    expect(encoded.stats.bytesWritten).toBeGreaterThanOrEqual(encoded.video)

    const decoded = await ffmpeg(...DECODE)
    expect(decoded).toMatchObject({ status: 0, frames: 20, signature: 'ftyp' })
    expect(decoded.stats.bytesCopied).toBe(0)
    expect(decoded.stats.bytesWritten).toBeGreaterThan(20 * 320 * 240 * 3)
    expect(decoded.stats.bytesRead).toBeGreaterThanOrEqual(encoded.video)

    const page = await openPage(plain)
    const files = await page.evaluate((directory) => globalThis.listOpfs(directory), 'media')
    expect(files['v.mp4']).toEqual({ size: encoded.video, head: expect.stringContaining('ftyp') })
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
