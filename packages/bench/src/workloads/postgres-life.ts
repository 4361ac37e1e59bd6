// The three steps that every store goes through, timed whole: code and WebAssembly are loaded before.

import type { Workload } from './workload.ts'

const DEADLINE_MS = 90_000

export const pgCreate: Workload = {
  name: 'pg-create',
  summary: 'make a cluster in an empty store, synced, up to where it takes queries',
  kind: 'postgres',
  phase: 'create',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
  run: (session, meter) => meter.once(() => session.create()),
}

export const pgClose: Workload = {
  name: 'pg-close',
  summary: "Postgres's shutdown checkpoint, then letting go of the store",
  kind: 'postgres',
  phase: 'close',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
  run: (session, meter) => meter.once(() => session.close()),
}

export const pgReopen: Workload = {
  name: 'pg-reopen',
  summary: 'open a closed store in a fresh worker, up to the answer to SELECT 1',
  kind: 'postgres',
  phase: 'reopen',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
  run: (session, meter) => meter.once(() => session.reopen()),
}
