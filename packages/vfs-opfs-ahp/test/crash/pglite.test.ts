// Crashes of a real program: PGlite's calls are recorded while it commits, checkpoints and closes, and a
// crash is tried at a sample of the physical calls. Every state is judged like those of the workloads;
// in some of them Postgres itself starts, has to have what was acknowledged, and finds nothing wrong.
// CRASH_STATES=1000000 tries more states, CRASH_SEED=7 others.

import { PGlite } from '@electric-sql/pglite'
import { amcheck } from '@electric-sql/pglite/contrib/amcheck'
import type { Vfs } from '@wasm-vfs/core'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import {
  everythingOnStorage,
  judge,
  observe,
  Recorder,
  type Crash,
  type Level,
  type Point,
} from '@wasm-vfs/core/testing/crash'
import {
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sampleSize } from '../../../../tools/tiers.ts'
import { target } from './target.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const STATES = sampleSize('CRASH_STATES', { quick: 4000, all: 18_000 })
/** Of each level. A state of a database is a hundred times that of a workload. */
const JUDGED = Math.ceil(STATES / 1000)
const STARTED = Math.ceil(JUDGED / 8)
const CACHE_BYTES = 4 * 1024 * 1024

/** Beyond those that `work` makes. */
const NEW_ID = 60

/** A committed transaction: when it was acknowledged, by operation and clock. */
interface Commit {
  readonly operation: number
  readonly time: number
}

interface Run {
  readonly recorder: Recorder
  readonly commits: readonly Commit[]
}

interface CrashState {
  readonly point: Point
  readonly crash: Crash
  readonly image: DirectoryImage
}

// The store is made a day before, so that its names have settled; from then on time is real.
const realNow = Date.now
let base: DirectoryImage
beforeAll(async () => {
  Date.now = () => realNow() - 86_400_000
  try {
    const opfs = new SimulatedOpfs()
    await (await open(opfs, 'strict')).close()
    Date.now = () => realNow() - 43_200_000
    const pg = await start(await open(opfs, 'strict'))
    await pg.exec('CREATE EXTENSION amcheck; CREATE TABLE log (id int PRIMARY KEY, body text)')
    await pg.close()
    base = everythingOnStorage(opfs.image())
  } finally {
    Date.now = realNow
  }
}, 60_000)
afterAll(() => {
  Date.now = realNow
})

async function open(opfs: SimulatedOpfs, level: Level): Promise<Vfs> {
  return (await target.open(opfs, { level, cacheBytes: CACHE_BYTES })).vfs
}

function start(vfs: Vfs): Promise<PGlite> {
  return PGlite.create(pgliteOptions(vfs, { extensions: { amcheck } }))
}

/** Commits rows 1 to 30, with whatever else a database does in between. */
async function work(image: DirectoryImage, level: Level, random: SeededRandom): Promise<Run> {
  const opfs = new SimulatedOpfs({ image })
  const store = await open(opfs, level)
  const recorder = new Recorder(opfs, store, { level, pointOneIn: 1, random })
  const pg = await start(recorder.vfs)
  const commits: Commit[] = []
  for (let id = 1; id <= 30; id++) {
    const length = id % 6 === 0 ? 400 : 10
    await pg.query(
      `INSERT INTO log SELECT $1::int, string_agg(md5(($1::int * i)::text), '')
       FROM generate_series(1, $2::int) AS i`,
      [id, length],
    )
    commits.push({ operation: recorder.history.operation, time: Date.now() })
    if (id === 8) await pg.exec('CHECKPOINT')
    if (id === 12) {
      await pg.exec(
        'CREATE TABLE other AS SELECT i, md5(i::text) FROM generate_series(1, 3000) AS i',
      )
    }
    if (id === 16) await pg.exec('CREATE INDEX other_md5 ON other (md5); CHECKPOINT')
    if (id === 20) await pg.exec('UPDATE other SET i = i + 1 WHERE i % 7 = 0')
    if (id === 24) await pg.exec('DROP TABLE other')
  }
  await pg.close()
  recorder.stop()
  return { recorder, commits }
}

/** What crashes at a sample of the points may leave. */
function* crashStates(points: readonly Point[], random: SeededRandom): Generator<CrashState> {
  for (;;) {
    const point = random.pick(points)
    if (random.chance(0.2)) {
      yield { point, crash: 'kill', image: point.image }
      continue
    }
    const loss = new PowerLoss(point.image, { now: point.now, settlingMs: target.settlingMs })
    const limits = { exhaustiveMax: 2, samples: 12 }
    const found = [...selections(loss, limits, random)]
    yield { point, crash: 'power', image: loss.state(random.pick(found)) }
  }
}

/** What is wrong with a state as a file system, in sentences. */
async function judgeState(
  { history }: Recorder,
  level: Level,
  state: CrashState,
): Promise<string[]> {
  const { point, crash, image } = state
  const opfs = new SimulatedOpfs({ image })
  const vfs = await open(opfs, level)
  const { moment } = point
  const { windowMs, tree: strategy } = target
  const problems = judge(history, observe(vfs), { moment, crash, windowMs, strategy })
  opfs.kill()
  return problems.map((problem) => `${crash} in operation ${point.moment.operation}: ${problem}`)
}

/** What is wrong with a state as a database, in sentences. */
async function startPostgres({ commits }: Run, level: Level, state: CrashState): Promise<string[]> {
  const { point, crash, image } = state
  const opfs = new SimulatedOpfs({ image })
  const pg = await start(await open(opfs, level))
  const problems: string[] = []
  const { rows } = await pg.query<{ id: number; length: number }>(
    'SELECT id, length(body) AS length FROM log ORDER BY id',
  )
  const acknowledged = commits.filter(({ operation }) => operation <= point.moment.operation)
  // A relaxed commit may be lost within the window; what a window is, the judge of the files knows.
  const certain = level === 'relaxed' && crash === 'power' ? 0 : acknowledged.length
  if (rows.length < certain) problems.push(`${certain} commits, but ${rows.length} rows`)
  if (rows.length > acknowledged.length + 1) problems.push(`${rows.length} rows, too many`)
  for (const [index, { id, length }] of rows.entries()) {
    const expected = 32 * ((index + 1) % 6 === 0 ? 400 : 10)
    if (id !== index + 1 || length !== expected) problems.push(`row ${id} of ${length} bytes`)
  }
  await pg.query(
    `SELECT bt_index_check(c.oid, heapallindexed => true)
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
     WHERE a.amname = 'btree' AND i.indisvalid AND c.relpersistence = 'p'`,
  )
  const heaps = await pg.query(
    `SELECT c.relname, v.* FROM pg_class c, LATERAL verify_heapam(c.oid) v
     WHERE c.relkind IN ('r', 't', 'm') AND c.relpersistence = 'p'`,
  )
  for (const finding of heaps.rows) problems.push(JSON.stringify(finding))
  await pg.exec(`INSERT INTO log VALUES (${NEW_ID}, 'new')`)
  await pg.close()
  return [...problems, ...(await target.check(opfs.image()))]
}

it.each(['strict', 'relaxed'] as const)(
  'PGlite after a crash (%s)',
  { timeout: 120_000 + STATES * 20 },
  async (level) => {
    const random = new SeededRandom(SEED)
    const run = await work(base, level, random)
    const { points } = run.recorder
    const states = crashStates(points, random)
    const problems: string[] = []
    for (let left = JUDGED; left > 0; left--) {
      problems.push(...(await judgeState(run.recorder, level, states.next().value)))
    }
    for (let left = STARTED; left > 0; left--) {
      problems.push(...(await startPostgres(run, level, states.next().value)))
    }
    console.log(
      `${points.length} points of ${run.recorder.history.operation} calls of PGlite (${level}): ` +
        `${JUDGED} crash states judged, ${STARTED} started`,
    )
    expect(problems).toEqual([])
    expect(points.length).toBeGreaterThan(100)
  },
)
