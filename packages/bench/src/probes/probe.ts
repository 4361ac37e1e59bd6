// What a probe is: one raw primitive of the browser, timed with nothing of ours above it. A cell of
// the table can be read as so many of these. Listed in index.ts; run in a worker by browser/probes.ts.

import type { Requirement } from '../backends/backend.ts'
import type { Unit } from '../schema.ts'

export interface Probe {
  readonly name: string
  readonly summary: string
  readonly unit: Unit
  readonly needs: readonly Requirement[]
  /** Operations in one sample, which is their mean: above 1 where one is near the clock's step. */
  readonly batch: number
  /** Makes what the operation works on, untimed. */
  setUp(): Promise<ProbeBench>
}

export interface ProbeBench {
  /** Runs before each operation, untimed. */
  between?(): void | Promise<void>
  operation(): void | Promise<void>
  tearDown(): void | Promise<void>
}
