// Relaxed commits in the long run: how many flushes fall into one window, while rows are committed one
// after the other. A count and not a time, so a busy machine does not change it.

import { backendNamed } from '../backends/index.ts'
import { payload } from './rows.ts'
import type { PostgresSession } from './session.ts'
import type { PostgresWorkload } from './workload.ts'

const WARM_UP_MS = 1_500
const MEASURED_MS = 5_000

export const commitWindow: PostgresWorkload = {
  name: 'commit-window',
  summary: `flushes per window in ${MEASURED_MS / 1_000} s of small relaxed commits, one after the other`,
  kind: 'postgres',
  life: 'window',
  set: 'full',
  phase: 'use',
  unit: 'per-window',
  deadlineMs: 60_000,
  unfit({ backend, durability }) {
    if (durability !== 'relaxed') return 'only relaxed commits have a window'
    return backendNamed(backend).windowMs === undefined ? 'it has no window' : undefined
  },
  async run(session, meter) {
    const { windowMs } = backendNamed(session.column.backend)
    if (windowMs === undefined) throw new TypeError('a backend without a window')
    await session.pg.exec('CREATE TABLE bench_window (id int PRIMARY KEY, payload text NOT NULL)')
    // A whole segment ahead, and no full-page images left to write.
    await session.pg.exec('CHECKPOINT; SELECT pg_switch_wal()')
    const warmed = await commitFor(session, WARM_UP_MS, 1)
    const before = session.stats().flushes ?? 0
    const { nextId, ms } = await commitFor(session, MEASURED_MS, warmed.nextId)
    const flushes = (session.stats().flushes ?? 0) - before
    const windows = ms / windowMs
    meter.record(flushes / windows, { flushes, windows, commits: nextId - warmed.nextId })
  },
}

async function commitFor(
  { pg }: PostgresSession,
  milliseconds: number,
  firstId: number,
): Promise<{ readonly nextId: number; readonly ms: number }> {
  const start = performance.now()
  let id = firstId
  while (performance.now() - start < milliseconds) {
    await pg.query('INSERT INTO bench_window VALUES ($1, $2)', [id, payload('small', id, 0)])
    id++
  }
  return { nextId: id, ms: performance.now() - start }
}
