// The bars that @wasm-vfs/idb is held against, as data: each with its formula in words and the same in
// code. Read by verdict.ts.

import { ROW_SIZES } from '../../workloads/rows.ts'
import { exactly, sum, times } from '../../interval.ts'
import { besideMemory, LEVELS, selects, type Bar, type BarList } from './bar.ts'

const OURS = 'idb'
const RIVAL = 'pglite-idb'
const PUT = 'idb-put-64k-strict'
const COMMIT_FACTOR = 1.5
const SELECT_FACTOR = 1.1
const REOPEN_FACTOR = 0.5
const TIMES_FASTER = 40

const BARS: readonly Bar[] = [
  {
    title: 'strict single-row INSERT',
    words: `memory + ${COMMIT_FACTOR} × ${PUT}, a raw strict transaction of one 64 KiB record`,
    held(run) {
      const put = run.probe(PUT)
      if (put === undefined) return []
      return ROW_SIZES.flatMap((size) => {
        const workload = `pg-insert-${size}`
        const [ours, memory] = besideMemory(run, OURS, workload, 'strict')
        if (ours === undefined || memory === undefined) return []
        const bar = sum(memory.time, times(COMMIT_FACTOR, put))
        return [{ what: `${workload} strict`, unit: 'ms', measured: ours.time, bar }]
      })
    },
  },
  {
    title: `INSERT beside ${RIVAL}`,
    words: `a ${TIMES_FASTER}th of ${RIVAL} strict`,
    held: (run) =>
      ROW_SIZES.flatMap((size) => {
        const workload = `pg-insert-${size}`
        const ours = run.cell(workload, OURS, 'strict')
        const rival = run.cell(workload, RIVAL, 'strict')
        if (ours === undefined || rival === undefined) return []
        const bar = times(1 / TIMES_FASTER, rival.time)
        return [{ what: `${workload} strict`, unit: 'ms', measured: ours.time, bar }]
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
    title: 'transactions of a SELECT',
    words: 'none (counter)',
    held: (run) =>
      selects().flatMap(({ workload, level }) => {
        const transactions = run.cell(workload, OURS, level)?.counter('transactions')
        if (transactions === undefined) return []
        const measured = exactly(transactions)
        return [{ what: `${workload} ${level}`, unit: 'per SELECT', measured, bar: exactly(0) }]
      }),
  },
  {
    title: 'reopening',
    words: `${REOPEN_FACTOR} × ${RIVAL} of the same durability`,
    held: (run) =>
      LEVELS.flatMap((level) => {
        const ours = run.cell('pg-reopen', OURS, level)
        const rival = run.cell('pg-reopen', RIVAL, level)
        if (ours === undefined || rival === undefined) return []
        const bar = times(REOPEN_FACTOR, rival.time)
        return [{ what: `pg-reopen ${level}`, unit: 'ms', measured: ours.time, bar }]
      }),
  },
]

export const IDB_BARS: BarList = { backend: OURS, bars: BARS }
