// The workloads: life by life, and in each in the order in which it runs them and the table lists them.

import { commitWindow } from './commit-window.ts'
import { large } from './large.ts'
import { pgClose, pgCreate, pgReopen, pgReopenKilled } from './postgres-life.ts'
import { roundTrips } from './postgres-round-trips.ts'
import { sqlSuite } from './sql.ts'
import { pgCheckpoint, pgCloseTables } from './tables.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [
  pgCreate,
  ...roundTrips,
  pgClose,
  pgReopen,
  pgReopenKilled,
  ...sqlSuite,
  pgCheckpoint,
  pgCloseTables,
  commitWindow,
  ...large,
]

export function workloadNamed(name: string): Workload {
  const workload = WORKLOADS.find((candidate) => candidate.name === name)
  if (workload === undefined) throw new TypeError(`no workload is named ${name}`)
  return workload
}
