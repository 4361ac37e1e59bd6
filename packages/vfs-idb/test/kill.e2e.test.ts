// Whole browsers, killed with SIGKILL at random moments while they sync. This process notes what was
// acknowledged; what the next launch finds must be the exact state after some sync that is not older.
// KILL_ROUNDS sets how many kills there are of each kind; KILL_SEED the moments.

import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stateAfter, type State } from './kill-rounds.ts'
import { browsers, launchesOf, serveSite, type Launch, type Site } from './site.ts'

const KILLS = Number(process.env['KILL_ROUNDS'] ?? 2)
const SEED = Number(process.env['KILL_SEED'] ?? 1)
const FOUND_DEADLINE_MS = 90_000
const KILL_AFTER_MS_MAX = 700
const TEST_TIMEOUT_MS = 120_000 + KILLS * 30_000

type Found = { round: number; state: State } | { ids: number[]; agree: boolean }

let site: Site

beforeAll(async () => {
  site = await serveSite('kill.page')
})

afterAll(() => site?.close())

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

// What a kill in the middle of a write leaves, made by hand, because a real one comes once in 150.
it('chromium keeps a store through sessions after a kill that tore a record of its log', async () => {
  const launch = await launchesOf('chromium')
  const profile = await mkdtemp(join(tmpdir(), 'wasm-vfs-kill-torn-'))
  try {
    // Few rounds, so that no session begins a new log by what it writes.
    const query = new URLSearchParams({ program: 'files', store: 'torn', durability: 'strict' })
    query.set('rounds', '2')
    let acknowledged = 0
    for (let kill = 0; kill < 4; kill++) {
      const life = await live(launch, profile, query, 1000)
      const { round, state } = life.found as Extract<Found, { round: number }>
      expect(round).toBeGreaterThanOrEqual(acknowledged)
      expect(state).toEqual(stateAfter(round))
      acknowledged = Math.max(round, ...life.acknowledged)
      if (kill === 0) await tearLog(profile)
    }
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})

// LevelDB's log: blocks of 32 KiB with records of a checksum (4 bytes), a length (2), a type (1: whole).
const LOG_BLOCK_BYTES = 32_768
const LOG_HEADER_BYTES = 7
const TORN_BYTES = 263

/** Appends a record of which the second half was not written to the log of the profile's IndexedDB. */
async function tearLog(profile: string): Promise<void> {
  const directory = join(profile, 'Default', 'IndexedDB')
  const names = await readdir(directory, { recursive: true })
  const logs = names.filter((name) => name.endsWith('.log')).sort()
  const log = join(directory, logs.at(-1)!)
  const { size } = await stat(log)
  const left = LOG_BLOCK_BYTES - (size % LOG_BLOCK_BYTES) - LOG_HEADER_BYTES
  const length = Math.min(left, TORN_BYTES)
  const header = Buffer.alloc(LOG_HEADER_BYTES)
  header.writeUInt32LE(0x12345678, 0)
  header.writeUInt16LE(length, 4)
  header.writeUInt8(1, 6)
  await appendFile(log, Buffer.concat([header, Buffer.alloc(length >> 1, 0xaa)]))
}

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
    site.onPost = (what, value) => {
      if (what === 'acknowledged') acknowledged.push(value as number)
      else {
        clearTimeout(timer)
        if (what === 'found') resolve(value as Found)
        else reject(new Error(String(value)))
      }
    }
  })
  const kill = await launch(`${site.origin}/?${query}`, profile)
  try {
    const found = await finding
    await sleep(killAfterMs)
    return { found, acknowledged }
  } finally {
    await kill()
  }
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruential generator). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
