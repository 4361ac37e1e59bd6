// Physical work of two runs held against each other: counts do not depend on the machine's speed, so they tell
// what a build does more or less of where times drown in noise. Called by compare.ts.

import type { BenchResult } from '../schema.ts'

/** What a commit is paid in. Bytes and handles vary with what else was going on. */
const COUNTED = ['writes', 'flushes', 'roundTrips', 'transactions'] as const

/** Averages of a few samples differ by this much without a reason: of the count, and at least so many. */
const NOISE_SHARE = 0.02
const NOISE_MIN = 0.1

export interface WorkChange {
  readonly workload: string
  readonly backend: string
  readonly durability: string
  readonly counter: (typeof COUNTED)[number]
  /** Per sample, on average. */
  readonly before: number
  readonly after: number
}

/** The counts of one cell in two runs that differ by more than averages do. */
export function workChanges(before: BenchResult, after: BenchResult): WorkChange[] {
  const { workload, backend, durability } = after
  return COUNTED.flatMap((counter) => {
    const [was, is] = [before.counters?.[counter], after.counters?.[counter]]
    if (was === undefined || is === undefined) return []
    if (Math.abs(is - was) <= Math.max(NOISE_MIN, was * NOISE_SHARE)) return []
    return [{ workload, backend, durability, counter, before: was, after: is }]
  })
}
