// The bars that @wasm-vfs/opfs-worker is held against, as data: each with its formula in words and the
// same in code. Read by verdict.ts.

import { COLD_READ_PROBE, SEQUENTIAL_WRITE_PROBES } from '../../probes/file.ts'
import { exactly, sum, times, type Estimate } from '../../interval.ts'
import type { RunView } from '../run-view.ts'
import {
  besideMemory,
  commits,
  isFirefox,
  LEVELS,
  selects,
  type Bar,
  type BarList,
  type Level,
} from './bar.ts'

const OURS = 'opfs-worker'
const RIVAL = 'pglite-opfs-ahp'
const ROUND_TRIP = 'worker-round-trip'
const PING_PONG = 'atomics-round-trip'
const SEQUENTIAL_WRITE = 'file-write-sequential-256k'

const ROUND_TRIP_MS_MAX = 0.015
const ROUND_TRIP_FACTOR = 1.3
const COLD_READ_EXTRA_MS = 0.005
const THROUGHPUT_FACTOR = 0.9
const COMMIT_FACTOR = 1.3
const SELECT_FACTOR = 1.05
const SUITE_FACTORS = { chromium: 1.1, firefox: 1.25 } as const
const REOPEN_FACTOR = 0.6

const BARS: readonly Bar[] = [
  {
    title: "an empty call's round trip",
    words: '15 µs in Chromium',
    held: (run) =>
      isFirefox(run)
        ? []
        : roundTrips(run).map((held) => ({ ...held, bar: exactly(ROUND_TRIP_MS_MAX) })),
  },
  {
    title: "an empty call's round trip beside a bare one",
    words: `${ROUND_TRIP_FACTOR} × ${PING_PONG}, both sides waiting`,
    held(run) {
      const bare = run.probe(PING_PONG)
      if (bare === undefined) return []
      const bar = times(ROUND_TRIP_FACTOR, bare)
      return roundTrips(run).map((held) => ({ ...held, bar }))
    },
  },
  {
    title: 'a cold read of 8 KiB',
    words: `${COLD_READ_PROBE} + ${ROUND_TRIP} + 5 µs`,
    held: (run) =>
      LEVELS.flatMap((level) => {
        const measured = run.cell('file-read-cold-8k', OURS, level)?.time
        const raw = run.probe(COLD_READ_PROBE)
        const trip = roundTrip(run, level)
        if (measured === undefined || raw === undefined || trip === undefined) return []
        const bar = sum(raw, trip, exactly(COLD_READ_EXTRA_MS))
        return [{ what: `file-read-cold-8k ${level}`, unit: 'ms', measured, bar }]
      }),
  },
  {
    title: 'sequential writes of 256 KiB',
    words: `the time in which a raw handle does the same, flushed if strict, ÷ ${THROUGHPUT_FACTOR}`,
    held: (run) =>
      LEVELS.flatMap((level) => {
        const measured = run.cell(SEQUENTIAL_WRITE, OURS, level)?.time
        const [plain, flushed] = SEQUENTIAL_WRITE_PROBES
        const raw = run.probe(level === 'strict' ? flushed : plain)
        if (measured === undefined || raw === undefined) return []
        const bar = times(1 / THROUGHPUT_FACTOR, raw)
        return [{ what: `${SEQUENTIAL_WRITE} ${level}`, unit: 'ms', measured, bar }]
      }),
  },
  {
    title: 'single-row commit, relaxed',
    words: `memory + ${COMMIT_FACTOR} × (a raw access-handle write of its mean bytes + ${ROUND_TRIP})`,
    held: (run) =>
      commits(['relaxed']).flatMap(({ workload, level }) => {
        const [ours, memory] = besideMemory(run, OURS, workload, level)
        const raw = rawCommit(run, workload, level)
        const trip = roundTrip(run, level)
        if (ours === undefined || memory === undefined) return []
        if (raw === undefined || trip === undefined) return []
        const bar = sum(memory.time, times(COMMIT_FACTOR, sum(raw, trip)))
        return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'single-row commit, strict',
    words: `memory + ${COMMIT_FACTOR} × a raw write and flush of its mean bytes + 2 × ${ROUND_TRIP}`,
    held: (run) =>
      commits(['strict']).flatMap(({ workload, level }) => {
        const [ours, memory] = besideMemory(run, OURS, workload, level)
        const raw = rawCommit(run, workload, level)
        const trip = roundTrip(run, level)
        if (ours === undefined || memory === undefined) return []
        if (raw === undefined || trip === undefined) return []
        const bar = sum(memory.time, times(COMMIT_FACTOR, raw), times(2, trip))
        return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'SELECT',
    words: `${SELECT_FACTOR} × memory`,
    held: (run) =>
      selects().flatMap(({ workload, level }) => {
        const [ours, memory] = besideMemory(run, OURS, workload, level)
        if (ours === undefined || memory === undefined) return []
        const bar = times(SELECT_FACTOR, memory.time)
        return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'SQL suite, total',
    words: `${SUITE_FACTORS.chromium} × memory in Chromium, ${SUITE_FACTORS.firefox} × in Firefox`,
    held: (run) =>
      LEVELS.flatMap((level) => {
        const [ours, memory] = besideMemory(run, OURS, 'sql-total', level)
        if (ours === undefined || memory === undefined) return []
        const factor = SUITE_FACTORS[isFirefox(run) ? 'firefox' : 'chromium']
        const bar = times(factor, memory.time)
        return [{ what: `sql-total ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'reopening',
    words: `${REOPEN_FACTOR} × ${RIVAL} of the same durability; after a kill, too`,
    held: (run) =>
      ['pg-reopen', 'pg-reopen-killed'].flatMap((workload) =>
        LEVELS.flatMap((level) => {
          const ours = run.cell(workload, OURS, level)
          // A rival that cannot come back from a kill is still beaten or not by how it opens otherwise.
          const rival = run.cell(workload, RIVAL, level) ?? run.cell('pg-reopen', RIVAL, level)
          if (ours === undefined || rival === undefined) return []
          const bar = times(REOPEN_FACTOR, rival.time)
          return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
        }),
      ),
  },
]

export const OPFS_WORKER_BARS: BarList = { backend: OURS, bars: BARS }

function roundTrip(run: RunView, level: Level): Estimate | undefined {
  return run.cell(ROUND_TRIP, OURS, level)?.time
}

function roundTrips(run: RunView): { what: string; unit: string; measured: Estimate }[] {
  return LEVELS.flatMap((level) => {
    const measured = roundTrip(run, level)
    return measured === undefined ? [] : [{ what: `${ROUND_TRIP} ${level}`, unit: 'ms', measured }]
  })
}

function rawCommit(run: RunView, workload: string, level: Level): Estimate | undefined {
  const bytes = run.cell(workload, OURS, level)?.counter('bytesWritten')
  return bytes === undefined ? undefined : run.rawCommit(bytes, level)
}
