// The workloads: life by life, and in each in the order in which it runs them and the table lists them.

import { concurrent } from './concurrent.ts'
import { commitWindow } from './commit-window.ts'
import { fileCold, fileIo } from './file-io.ts'
import { fileNames } from './file-names.ts'
import { footprint } from './footprint.ts'
import { large } from './large.ts'
import { mixed } from './mixed.ts'
import { pgClose, pgCreate, pgReopen, pgReopenKilled } from './postgres-life.ts'
import { firstInserts, roundTrips } from './postgres-round-trips.ts'
import { sqlSuite } from './sql.ts'
import { pgCheckpoint, pgCloseTables } from './tables.ts'
import { tpcb } from './tpcb.ts'
import { workerRoundTrip } from './worker-round-trip.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [
  pgCreate,
  firstInserts,
  ...roundTrips,
  pgClose,
  pgReopen,
  pgReopenKilled,
  ...sqlSuite,
  tpcb,
  mixed,
  pgCheckpoint,
  pgCloseTables,
  commitWindow,
  concurrent,
  ...footprint,
  ...large,
  ...fileNames,
  ...fileIo,
  workerRoundTrip,
  ...fileCold,
]

export function workloadNamed(name: string): Workload {
  const workload = WORKLOADS.find((candidate) => candidate.name === name)
  if (workload === undefined) throw new TypeError(`no workload is named ${name}`)
  return workload
}

/** Whether a life, whose workloads are all of one kind, is without a database. */
export function isOnFiles({ workloads }: { readonly workloads: readonly string[] }): boolean {
  return workloads.some((name) => workloadNamed(name).kind === 'files')
}
