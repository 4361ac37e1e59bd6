// A site for end-to-end tests whose pages report by themselves: what they post goes to the test. Also
// launches any of the browsers at it, with one way to end each.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { chromium, firefox } from 'playwright'
import {
  BROWSER_NAMES,
  ensureBrowser,
  launchOptions,
  launchPersistent,
  type BrowserName,
} from '../../../tools/browsers.ts'
import { killBrowser } from '../../../tools/kill.ts'
import { bundle } from '../../../tools/serve.ts'
import { ensureWebKit, launchWebKit } from '../../../tools/webkit.ts'

export interface Site {
  readonly origin: string
  /** Told the path, without its slash, and the JSON of each POST. */
  onPost: (what: string, value: unknown) => void
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Serves `<page>.ts` of this folder as the index, and the other entries beside it. */
export async function serveSite(page: string, others: readonly string[] = []): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), 'wasm-vfs-site-'))
  const sourceOf = (name: string): [string, string] => [
    name,
    join(import.meta.dirname, `${name}.ts`),
  ]
  const entries = Object.fromEntries([page, ...others].map(sourceOf))
  await bundle({ entries, outdir: directory })
  await writeFile(
    join(directory, 'index.html'),
    `<!doctype html><meta charset="utf-8"><title>${page}</title>` +
      `<script type="module" src="./${page}.js"></script>`,
  )
  const server = createServer((request, response) => {
    void (request.method === 'POST'
      ? receive(request, response)
      : send(directory, request, response))
  })
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    site.onPost(pathOf(request).slice(1), JSON.parse(await bodyOf(request)))
    response.end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const site: Site = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onPost() {},
    async close() {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return site
}

async function send(
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request)
  if (path === '/clear-site-data') response.setHeader('Clear-Site-Data', '"storage"')
  const file = extname(path) === '' ? '/index.html' : path
  const content = await readFile(join(directory, file)).catch(() => undefined)
  const type = TYPES[extname(file)] ?? 'application/octet-stream'
  response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type }).end(content)
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://localhost').pathname
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

/** Opens a browser at `url` on a profile; answers with how to kill it. */
export type Launch = (url: string, profile: string) => Promise<() => Promise<void>>

const webkit = await ensureWebKit()

/** WebKitGTK only where it can be had. */
export const browsers: readonly (BrowserName | 'webkit')[] =
  webkit === undefined ? BROWSER_NAMES : [...BROWSER_NAMES, 'webkit']

export async function launchesOf(name: BrowserName | 'webkit'): Promise<Launch> {
  if (name === 'webkit') {
    return async (url, profileDir) => {
      const browser = await launchWebKit(url, { profileDir, installation: webkit! })
      return () => browser.close()
    }
  }
  const installation = await ensureBrowser(name)
  return async (url, profile) => {
    const context = await launchPersistent(installation, profile)
    const page = await context.newPage()
    await page.goto(url)
    return async () => {
      await killBrowser(profile)
      await context.close().catch(() => {
        // Its connection is gone, which is what was asked for.
      })
    }
  }
}

/** As `Launch`, with a private window, which keeps nothing. */
export async function openPrivately(
  name: BrowserName | 'webkit',
  url: string,
  profileDir: string,
): Promise<() => Promise<void>> {
  if (name === 'webkit') {
    const browser = await launchWebKit(url, { profileDir, installation: webkit!, private: true })
    return () => browser.close()
  }
  const options = { ...launchOptions(await ensureBrowser(name)), headless: true }
  // A context of its own is private in Chromium; Firefox has a setting that makes every window so.
  const context =
    name === 'chromium'
      ? await (await chromium.launch(options)).newContext()
      : await firefox.launchPersistentContext(profileDir, {
          ...options,
          firefoxUserPrefs: { 'browser.privatebrowsing.autostart': true },
        })
  const page = await context.newPage()
  await page.goto(url)
  return async () => {
    await context.close()
    await context.browser()?.close()
  }
}
