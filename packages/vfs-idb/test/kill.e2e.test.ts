// Whole browsers, killed with SIGKILL at random moments while they sync. This process notes what was
// acknowledged; what the next launch finds must be the exact state after some sync that is not older.
// KILL_ROUNDS sets how many kills there are in each browser; KILL_SEED the moments.

import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stateAfter, type State } from './kill-rounds.ts'
import type { StoreRequest, Told } from './kill.page.ts'
import { browsers, launchesOf, serveSite, type Launch, type Site } from './site.ts'

const KILLS = Number(process.env['KILL_ROUNDS'] ?? 2)
const SEED = Number(process.env['KILL_SEED'] ?? 1)
const DEADLINE_MS = 90_000
const KILL_AFTER_MS_MAX = 700
const SESSIONS_OF_TORN = 4
const TEST_TIMEOUT_MS = 120_000 + KILLS * 30_000

interface FoundFiles {
  readonly round: number
  readonly state: State
}

interface FoundRows {
  readonly ids: readonly number[]
  readonly agree: boolean
}

const STORES: readonly StoreRequest[] = [
  { name: 'files-strict', program: 'files', durability: 'strict' },
  { name: 'files-relaxed', program: 'files', durability: 'relaxed' },
  { name: 'pg', program: 'postgres', durability: 'strict' },
]

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

  it(
    `killed ${KILLS} times among syncs and INSERTs, has the exact state of a sync, none older than ` +
      'acknowledged, and every acknowledged row, by table and by index',
    async () => {
      const random = randomOf(SEED)
      const acknowledged = new Map(STORES.map((each) => [each.name, new Set<number>()]))
      for (let kill = 0; kill <= KILLS; kill++) {
        const lives = await live(launch, profile, STORES, () => sleep(random() * KILL_AFTER_MS_MAX))
        for (const { name: store, program } of STORES) {
          const known = acknowledged.get(store)!
          const life = lives.get(store)!
          if (program === 'files') expectStateOfRound(life.found as FoundFiles, known)
          else expectRows(life.found as FoundRows, known)
          for (const each of life.acknowledged) known.add(each)
        }
      }
      // Otherwise nothing was killed in the middle of anything.
      for (const known of acknowledged.values()) expect(known.size).toBeGreaterThan(KILLS)
    },
    TEST_TIMEOUT_MS,
  )
})

function expectStateOfRound({ round, state }: FoundFiles, acknowledged: ReadonlySet<number>): void {
  expect(round).toBeGreaterThanOrEqual(Math.max(0, ...acknowledged))
  expect(state).toEqual(stateAfter(round))
}

function expectRows({ ids, agree }: FoundRows, acknowledged: ReadonlySet<number>): void {
  expect(agree).toBe(true)
  const present = new Set(ids)
  expect([...acknowledged].filter((id) => !present.has(id))).toEqual([])
}

// What a kill in the middle of a write leaves, made by hand, because a real one comes once in 150.
it('chromium keeps a store through sessions after a kill that tore a record of its log', async () => {
  const launch = await launchesOf('chromium')
  const profile = await mkdtemp(join(tmpdir(), 'wasm-vfs-kill-torn-'))
  try {
    // Few rounds, so that no session begins a new log by what it writes.
    const torn: StoreRequest = {
      name: 'torn',
      program: 'files',
      durability: 'strict',
      rounds: 2,
    }
    const known = new Set<number>()
    for (let kill = 0; kill < SESSIONS_OF_TORN; kill++) {
      const worked = (lives: Lives): Promise<void> =>
        until(() => lives.get(torn.name)!.acknowledged.length === torn.rounds)
      const lives = await live(launch, profile, [torn], worked)
      const { found, acknowledged } = lives.get(torn.name)!
      expectStateOfRound(found as FoundFiles, known)
      for (const each of acknowledged) known.add(each)
      if (kill === 0) await tearLog(profile)
    }
    expect(known.size).toBe(SESSIONS_OF_TORN * torn.rounds!)
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

/** What one launch finds in a store, and what is acknowledged in it. */
interface Life {
  found: unknown
  readonly acknowledged: number[]
}

type Lives = ReadonlyMap<string, Life>

/** One launch: waits for what it finds in every store, lets it work until `end`, and kills it. */
async function live(
  launch: Launch,
  profile: string,
  stores: readonly StoreRequest[],
  end: (lives: Lives) => Promise<unknown>,
): Promise<Lives> {
  const lives = new Map(
    stores.map(({ name }): [string, Life] => [name, { found: undefined, acknowledged: [] }]),
  )
  const failures: string[] = []
  site.onPost = (what, told) => {
    const { store, value } = told as Told
    if (what === 'found') lives.get(store)!.found = value
    else if (what === 'acknowledged') lives.get(store)!.acknowledged.push(value as number)
    else failures.push(`${store}: ${String(value)}`)
  }
  const query = new URLSearchParams(stores.map((each) => ['store', JSON.stringify(each)]))
  const kill = await launch(`${site.origin}/?${query}`, profile)
  try {
    await until(() => {
      if (failures.length > 0) throw new Error(failures.join('; '))
      return [...lives.values()].every(({ found }) => found !== undefined)
    })
    await end(lives)
  } finally {
    await kill()
  }
  if (failures.length > 0) throw new Error(failures.join('; '))
  return lives
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('the page has told nothing for too long')
    await sleep(5)
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
