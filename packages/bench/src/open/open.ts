// `pnpm bench open`: builds the interactive page, and serves it or writes it to a directory. Called by
// cli.ts.

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { serve, type Server } from '../../../../tools/serve.ts'
import type { Build } from '../browser/open/environment.ts'
import { commitOf, pgliteVersion } from '../environment.ts'
import { buildSite, copyServed, siteDirectories } from '../site.ts'
import { ISOLATION_HEADERS } from './headers.ts'
import { openPage } from './markup.ts'

const CLIENT = join(import.meta.dirname, '..', 'browser', 'open')
const ENTRIES = {
  shared: { open: join(CLIENT, 'open.ts'), 'needs-worker': join(CLIENT, 'needs-worker.ts') },
  // A classic script.
  alone: { 'isolation-worker': join(CLIENT, 'isolation-worker.ts') },
} as const

/** Read by Netlify, Cloudflare Pages and their like. */
const HEADERS_FILE = [
  '/*',
  ...Object.entries(ISOLATION_HEADERS).map(([name, value]) => `  ${name}: ${value}`),
]

/** Writes all that the page needs into a directory, which is made, or is empty. */
export async function writeOpenPage(directory: string): Promise<void> {
  const target = resolve(directory)
  await mkdir(target, { recursive: true })
  if ((await readdir(target)).length > 0) throw new Error(`${target} is not empty.`)
  await buildOpenPage(target)
  await copyServed(target)
  await writeFile(join(target, '_headers'), `${HEADERS_FILE.join('\n')}\n`)
}

/** Serves the page until `signal` is aborted; `started` is told its address. */
export async function serveOpenPage(
  port: number,
  signal: AbortSignal,
  started: (url: string) => void,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'wasm-vfs-bench-'))
  let server: Server | undefined
  try {
    // Before the bundling, which takes longer than to find the port taken.
    server = await serve({ directories: siteDirectories(directory), port })
    await buildOpenPage(directory)
    started(`${server.url}/`)
    await new Promise<void>((done) => {
      if (signal.aborted) done()
      signal.addEventListener('abort', () => done(), { once: true })
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} is in use: choose another with --port.`, { cause: error })
  } finally {
    await server?.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The page without what is served beside it (siteDirectories). */
export async function buildOpenPage(directory: string): Promise<void> {
  await buildSite(directory, ENTRIES)
  const [pglite, commit] = await Promise.all([pgliteVersion(), commitOf(import.meta.dirname)])
  const about: Build = { pglite, ...(commit !== undefined && { commit }) }
  await writeFile(join(directory, 'build.json'), JSON.stringify(about))
  await writeFile(join(directory, 'index.html'), openPage())
}
