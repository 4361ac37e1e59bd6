// The whole chain that end-to-end tests and benchmarks stand on: find a browser, bundle, serve,
// launch on a profile, launch again.

import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../browsers.ts'
import { bundle, serve, type Server } from '../serve.ts'

const SITE = join(import.meta.dirname, 'site')
let scratch: string
let server: Server

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-tools-'))
  const outdir = join(scratch, 'site')
  await bundle({
    entries: { page: join(SITE, 'page.ts'), worker: join(SITE, 'worker.ts') },
    outdir,
  })
  await copyFile(join(SITE, 'index.html'), join(outdir, 'index.html'))
  server = await serve({ directories: { '/': SITE, '/deep/site': outdir } })
})

afterAll(async () => {
  await server.close()
  await rm(scratch, { recursive: true, force: true })
})

test('serves what PGlite loads with the types that browsers ask for, uncached', async () => {
  const headers = async (path: string) => (await fetch(`${server.url}/deep/site/${path}`)).headers
  expect((await headers('pglite.wasm')).get('content-type')).toBe('application/wasm')
  expect((await headers('pglite.data')).get('content-type')).toBe('application/octet-stream')
  const tarball = await headers('citext.tar.gz')
  expect(tarball.get('content-type')).toBe('application/gzip')
  expect(tarball.get('content-encoding')).not.toBe('gzip')
  expect(tarball.get('cache-control')).toBe('no-store')
  expect(tarball.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect((await fetch(`${server.url}/deep/missing`)).status).toBe(404)
})

describe.each(BROWSER_NAMES)('%s', (name) => {
  test('runs PGlite from a bundle and keeps OPFS from one launch to the next', async () => {
    const installation = await ensureBrowser(name)
    expect(installation.version).toMatch(/^\d+\./)
    const profile = join(scratch, `profile-${name}`)
    for (const lives of [1, 2]) {
      const context = await launchPersistent(installation, profile)
      try {
        const page = await context.newPage()
        await page.goto(`${server.url}/deep/site/`)
        await page.waitForFunction('"ask" in globalThis')
        const reply = await page.evaluate(`ask(${JSON.stringify({ startPostgres: lives === 1 })})`)
        expect(reply).toEqual({
          lives,
          rows: lives === 1 ? [{ equal: true }] : [],
          isolated: true,
        })
      } finally {
        await context.close()
      }
    }
  })
})
