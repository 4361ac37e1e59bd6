// The steps that every store goes through, timed whole: code and WebAssembly are loaded before.

import type { PostgresWorkload } from './workload.ts'

const DEADLINE_MS = 90_000

const LIFE_STEP = {
  kind: 'sql',
  life: 'rows',
  set: 'quick',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
} as const

export const pgCreate: PostgresWorkload = {
  ...LIFE_STEP,
  name: 'pg-create',
  summary: 'make a cluster in an empty store, synced, up to where it takes queries',
  phase: 'create',
  run: (session, meter) => meter.once(() => session.create()),
}

export const pgClose: PostgresWorkload = {
  ...LIFE_STEP,
  name: 'pg-close',
  summary: "Postgres's shutdown checkpoint, then letting go of the store",
  phase: 'close',
  run: (session, meter) => meter.once(() => session.close()),
}

export const pgReopen: PostgresWorkload = {
  ...LIFE_STEP,
  name: 'pg-reopen',
  summary: 'open a closed store in a fresh worker, up to the answer to SELECT 1',
  phase: 'reopen',
  run: (session, meter) => meter.once(() => session.reopen()),
}

export const pgReopenKilled: PostgresWorkload = {
  ...LIFE_STEP,
  set: 'default',
  name: 'pg-reopen-killed',
  summary: 'reopen a store whose worker was terminated while it committed',
  phase: 'reopen-killed',
  run: (session, meter) => meter.once(() => session.reopen()),
}
