// Whole browsers, killed with SIGKILL at random moments while they sync. This process notes what was
// acknowledged; what the next launch finds must be the exact state after some sync that is not older.
// KILL_ROUNDS sets how many kills there are of each kind; KILL_SEED the moments.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSER_NAMES, ensureBrowser, launchPersistent } from '../../../tools/browsers.ts'
import { killBrowser } from '../../../tools/kill.ts'
import { bundle } from '../../../tools/serve.ts'
import { ensureWebKit, launchWebKit } from '../../../tools/webkit.ts'
import { stateAfter, type State } from './kill-rounds.ts'

const KILLS = Number(process.env['KILL_ROUNDS'] ?? 2)
const SEED = Number(process.env['KILL_SEED'] ?? 1)
const FOUND_DEADLINE_MS = 90_000
const KILL_AFTER_MS_MAX = 700
const TEST_TIMEOUT_MS = 120_000 + KILLS * 30_000

type Found = { round: number; state: State } | { ids: number[]; agree: boolean }

/** Launches a browser at `url` on a profile; answers with how to kill it. */
type Launch = (url: string, profile: string) => Promise<() => Promise<void>>

const webkit = await ensureWebKit()

async function launchesOf(name: string): Promise<Launch> {
  if (name === 'webkit') {
    return async (url, profileDir) => {
      const browser = await launchWebKit(url, { profileDir, installation: webkit! })
      return () => browser.close()
    }
  }
  const installation = await ensureBrowser(name as (typeof BROWSER_NAMES)[number])
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

let site: string
let server: Server
let origin: string
let heard: (what: string, value: unknown) => void = () => {}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'wasm-vfs-kill-'))
  const entries = { 'kill.page': join(import.meta.dirname, 'kill.page.ts') }
  await bundle({ entries, outdir: site })
  await writeFile(
    join(site, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>kill</title>' +
      '<script type="module" src="./kill.page.js"></script>',
  )
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    void (async () => {
      if (request.method === 'POST') {
        heard(pathname.slice(1), JSON.parse(await bodyOf(request)))
        response.end()
        return
      }
      const file = pathname === '/' ? '/index.html' : pathname
      const content = await readFile(join(site, file)).catch(() => undefined)
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type }).end(content)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(site, { recursive: true, force: true })
})

const browsers = [...BROWSER_NAMES, ...(webkit === undefined ? [] : ['webkit'])]

describe.each(browsers)('%s', (name) => {
  let launch: Launch
  let profile: string

  beforeAll(async () => {
    launch = await launchesOf(name)
    profile = await mkdtemp(join(tmpdir(), `wasm-vfs-kill-${name}-`))
  })

  afterAll(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))

  it.each(['strict', 'relaxed'])(
    `killed ${KILLS} times among syncs (%s), has the exact state of one of them, none older than acknowledged`,
    async (durability) => {
      const random = randomOf(SEED)
      let acknowledged = 0
      for (let kill = 0; kill <= KILLS; kill++) {
        const store = `files-${durability}`
        const query = new URLSearchParams({ program: 'files', store, durability })
        const life = await live(launch, profile, query, random() * KILL_AFTER_MS_MAX)
        const { round, state } = life.found as Extract<Found, { round: number }>
        expect(round).toBeGreaterThanOrEqual(acknowledged)
        expect(state).toEqual(stateAfter(round))
        acknowledged = Math.max(round, ...life.acknowledged)
      }
      // Otherwise nothing was killed in the middle of anything.
      expect(acknowledged).toBeGreaterThan(KILLS)
    },
    TEST_TIMEOUT_MS,
  )

  it(
    `killed ${KILLS} times among INSERTs, has every acknowledged row, by table and by index`,
    async () => {
      const random = randomOf(SEED + 1)
      const acknowledged = new Set<number>()
      for (let kill = 0; kill <= KILLS; kill++) {
        const query = new URLSearchParams({
          program: 'postgres',
          store: 'pg',
          durability: 'strict',
        })
        const life = await live(launch, profile, query, random() * KILL_AFTER_MS_MAX)
        const { ids, agree } = life.found as Extract<Found, { ids: number[] }>
        expect(agree).toBe(true)
        const present = new Set(ids)
        expect([...acknowledged].filter((id) => !present.has(id))).toEqual([])
        for (const id of life.acknowledged) acknowledged.add(id)
      }
      expect(acknowledged.size).toBeGreaterThan(KILLS)
    },
    TEST_TIMEOUT_MS,
  )
})

interface Life {
  readonly found: Found
  readonly acknowledged: readonly number[]
}

/** One launch: waits for what it finds, lets it work for `killAfterMs`, and kills it. */
async function live(
  launch: Launch,
  profile: string,
  query: URLSearchParams,
  killAfterMs: number,
): Promise<Life> {
  const acknowledged: number[] = []
  const finding = new Promise<Found>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the page found nothing')), FOUND_DEADLINE_MS)
    heard = (what, value) => {
      if (what === 'acknowledged') acknowledged.push(value as number)
      else {
        clearTimeout(timer)
        if (what === 'found') resolve(value as Found)
        else reject(new Error(String(value)))
      }
    }
  })
  const kill = await launch(`${origin}/?${query}`, profile)
  try {
    const found = await finding
    await sleep(killAfterMs)
    return { found, acknowledged }
  } finally {
    await kill()
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruential generator). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
