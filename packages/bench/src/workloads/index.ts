// The workloads, in the order in which a life runs them and the table lists them.

import { pgClose, pgCreate, pgReopen } from './postgres-life.ts'
import { roundTrips } from './postgres-round-trips.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [pgCreate, ...roundTrips, pgClose, pgReopen]

export function workloadNamed(name: string): Workload {
  const workload = WORKLOADS.find((candidate) => candidate.name === name)
  if (workload === undefined) throw new TypeError(`no workload is named ${name}`)
  return workload
}
