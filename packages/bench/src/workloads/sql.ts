// The SQL suite as workloads: one for each step, and the sum of all.

import { SQL_STEPS } from './sql-steps.ts'
import type { PostgresWorkload } from './workload.ts'

const DEADLINE_MS = 120_000

const SQL = {
  kind: 'postgres',
  life: 'sql',
  set: 'full',
  phase: 'use',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
} as const

const steps: readonly PostgresWorkload[] = SQL_STEPS.map(({ name, summary }) => ({
  ...SQL,
  name: `sql-${name}`,
  summary,
  async run(session, meter) {
    const { ms, counters } = await session.suite.timeOf(name)
    meter.record(ms, counters)
  },
}))

const total: PostgresWorkload = {
  ...SQL,
  name: 'sql-total',
  summary: 'the sum of all sql-* of a round',
  async run(session, meter) {
    const { ms, counters } = await session.suite.total()
    meter.record(ms, counters)
  },
}

export const sqlSuite: readonly PostgresWorkload[] = [...steps, total]
