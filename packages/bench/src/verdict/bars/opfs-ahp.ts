// The bars that @wasm-vfs/opfs-ahp is held against, as data: each with its formula in words and the
// same in code. Read by verdict.ts.

import { excess, exactly, sum, times, type Estimate } from '../../interval.ts'
import type { Cell, RunView } from '../run-view.ts'
import {
  besideMemory,
  commits,
  isFirefox,
  LEVELS,
  selects,
  WRITES,
  type Bar,
  type BarList,
  type Level,
} from './bar.ts'

const OURS = 'opfs-ahp'
const RIVAL = 'pglite-opfs-ahp'
const WORST_FACTOR = 1.3
const SPEED_PROBE_BYTES = 256 * 1_024
const MEMORY_MIB = 64
/** Of the state log's two slots, and of what the clean mark takes. */
const CHECKPOINT_FLUSHES = 5

const BARS: readonly Bar[] = [
  {
    title: 'single-row commit',
    words:
      'memory + 1.3 × a raw access-handle write of the mean bytes of that commit (and its flush, if ' +
      'strict) + 20 µs in Chromium, 40 µs in Firefox',
    held: (run) =>
      commits().flatMap(({ workload, level }) => {
        const [ours, memory] = pair(run, workload, level)
        const bytes = ours?.counter('bytesWritten')
        if (ours === undefined || memory === undefined || bytes === undefined) return []
        const raw = run.rawCommit(bytes, level)
        if (raw === undefined) return []
        const allowance = exactly(isFirefox(run) ? 0.04 : 0.02)
        const bar = sum(memory.time, times(WORST_FACTOR, raw), allowance)
        return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'flushes of a strict commit of a small row',
    words: 'exactly 1 (counter): above it is too much, below it a commit was not made durable',
    held: (run) =>
      WRITES.flatMap((verb) => {
        const flushes = run.cell(`pg-${verb}-small`, OURS, 'strict')?.counter('flushes')
        if (flushes === undefined) return []
        const what = `pg-${verb}-small strict`
        // Either side of 1 counts, so the distance from it is what is compared.
        const measured = exactly(Math.abs(flushes - 1))
        return [{ what: `${what}, distance from 1`, unit: 'flushes', measured, bar: exactly(0) }]
      }),
  },
  {
    title: 'SELECT',
    words: '1.05 × memory',
    held: (run) =>
      selects().flatMap(({ workload, level }) => {
        const [ours, memory] = pair(run, workload, level)
        if (ours === undefined || memory === undefined) return []
        const bar = times(1.05, memory.time)
        return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'flushes and log writes of a SELECT',
    words: 'none (counters of flushes and of metadata commits)',
    held: (run) =>
      selects().flatMap(({ workload, level }) => {
        const cell = run.cell(workload, OURS, level)
        const flushes = cell?.counter('flushes')
        const commitsLogged = cell?.counter('commits')
        if (flushes === undefined || commitsLogged === undefined) return []
        const measured = exactly(flushes + commitsLogged)
        return [{ what: `${workload} ${level}`, unit: 'per SELECT', measured, bar: exactly(0) }]
      }),
  },
  {
    title: 'flushes of relaxed commits in a steady state',
    words: 'one per window of the time measured, a window begun counting as one (counter)',
    held(run) {
      const cell = run.cell('commit-window', OURS, 'relaxed')
      const flushes = cell?.counter('flushes')
      const windows = cell?.counter('windows')
      if (flushes === undefined || windows === undefined) return []
      const bar = exactly(Math.ceil(windows))
      return [{ what: 'commit-window relaxed', unit: 'flushes', measured: exactly(flushes), bar }]
    },
  },
  {
    title: 'SQL suite, total',
    words: 'relaxed 1.05 ×, strict 1.10 × memory in Chromium; 1.20 × and 1.30 × in Firefox',
    held: (run) =>
      LEVELS.flatMap((level) => {
        const [ours, memory] = pair(run, 'sql-total', level)
        if (ours === undefined || memory === undefined) return []
        const factors = isFirefox(run)
          ? { relaxed: 1.2, strict: 1.3 }
          : { relaxed: 1.05, strict: 1.1 }
        const bar = times(factors[level], memory.time)
        return [{ what: `sql-total ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'SQL suite, each workload',
    words:
      'memory + 1.3 × (the bytes it wrote at the speed of opfs-write-256k + its reads, each an ' +
      'opfs-read-8k, + its flushes, each at what opfs-write-8k-flush takes over opfs-write-8k) + 2 ms',
    held(run) {
      const steps = run.workloads('sql-').filter((name) => name !== 'sql-total')
      return steps.flatMap((workload) =>
        LEVELS.flatMap((level) => {
          const [ours, memory] = pair(run, workload, level)
          if (ours === undefined || memory === undefined) return []
          const raw = rawWork(run, ours)
          if (raw === undefined) return []
          const bar = sum(memory.time, times(WORST_FACTOR, raw), exactly(2))
          return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
        }),
      )
    },
  },
  {
    title: 'reopening',
    words: `0.45 × ${RIVAL} of the same durability in Chromium, 0.30 × in Firefox; after a kill, too`,
    held: (run) =>
      ['pg-reopen', 'pg-reopen-killed'].flatMap((workload) =>
        LEVELS.flatMap((level) => {
          const ours = run.cell(workload, OURS, level)
          // A rival that cannot come back from a kill is still beaten or not by how it opens otherwise.
          const rival = run.cell(workload, RIVAL, level) ?? run.cell('pg-reopen', RIVAL, level)
          if (ours === undefined || rival === undefined) return []
          const bar = times(isFirefox(run) ? 0.3 : 0.45, rival.time)
          return [{ what: `${workload} ${level}`, unit: 'ms', measured: ours.time, bar }]
        }),
      ),
  },
  {
    title: 'creating',
    words: '1.25 × memory',
    held: (run) =>
      LEVELS.flatMap((level) => {
        const [ours, memory] = pair(run, 'pg-create', level)
        if (ours === undefined || memory === undefined) return []
        const bar = times(1.25, memory.time)
        return [{ what: `pg-create ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
  {
    title: 'flushes of a checkpoint, or a close, after writing to 50 tables',
    words: '5 + pool files dirtied + WAL segments recycled (counters)',
    held: (run) =>
      ['pg-checkpoint', 'pg-close-tables'].flatMap((workload) =>
        LEVELS.flatMap((level) => {
          const cell = run.cell(workload, OURS, level)
          const flushes = cell?.counter('flushes')
          const dirtied = cell?.counter('filesDirtied')
          if (cell === undefined || flushes === undefined || dirtied === undefined) return []
          // A close cannot ask how many were recycled; taking none is the stricter reading.
          const recycled = cell.counter('walSegmentsRecycled') ?? 0
          const bar = exactly(CHECKPOINT_FLUSHES + dirtied + recycled)
          return [
            { what: `${workload} ${level}`, unit: 'flushes', measured: exactly(flushes), bar },
          ]
        }),
      ),
  },
  {
    title: 'opening a large database, and one of many tables',
    words: '2 × and 4 × pg-reopen, which opens a database with little in it',
    held: (run) =>
      [
        { workload: 'pg-large-open', factor: 2 },
        { workload: 'pg-many-tables-open', factor: 4 },
      ].flatMap(({ workload, factor }) =>
        LEVELS.flatMap((level) => {
          const measured = run.cell(workload, OURS, level)?.time
          const empty = run.cell('pg-reopen', OURS, level)?.time
          if (measured === undefined || empty === undefined) return []
          return [{ what: `${workload} ${level}`, unit: 'ms', measured, bar: times(factor, empty) }]
        }),
      ),
  },
  {
    title: 'JavaScript memory of the file system',
    words: `${MEMORY_MIB} MiB, the contents of ArrayBuffers included`,
    held: (run) =>
      ['vfs-large-memory', 'vfs-many-tables-memory'].flatMap((workload) =>
        LEVELS.flatMap((level) => {
          const measured = run.cell(workload, OURS, level)?.time
          if (measured === undefined) return []
          return [{ what: `${workload} ${level}`, unit: 'MiB', measured, bar: exactly(MEMORY_MIB) }]
        }),
      ),
  },
]

export const OPFS_AHP_BARS: BarList = { backend: OURS, bars: BARS }

function pair(
  run: RunView,
  workload: string,
  level: Level,
): [ours: Cell | undefined, memory: Cell | undefined] {
  return besideMemory(run, OURS, workload, level)
}

/** What a cell's bytes and flushes take with nothing above the browser. */
function rawWork(run: RunView, cell: Cell): Estimate | undefined {
  const bytes = cell.counter('bytesWritten')
  const reads = cell.counter('reads')
  const flushes = cell.counter('flushes')
  const fast = run.probe(`opfs-write-${SPEED_PROBE_BYTES / 1_024}k`)
  const write = run.probe('opfs-write-8k')
  const flushed = run.probe('opfs-write-8k-flush')
  const read = run.probe('opfs-read-8k')
  if (bytes === undefined || reads === undefined || flushes === undefined) return undefined
  if (fast === undefined || write === undefined) return undefined
  if (flushed === undefined || read === undefined) return undefined
  const written = times(bytes / SPEED_PROBE_BYTES, fast)
  return sum(written, times(reads, read), times(flushes, excess(flushed, write)))
}
