// What a bar is, and what those of several backends share. A bar's value comes from other cells and the
// raw probes of the same run, so it moves with the machine. Used by the lists beside this file.

import type { Durability } from '@wasm-vfs/core'
import { ROW_SIZES } from '../../workloads/rows.ts'
import type { Estimate } from '../../interval.ts'
import type { Cell, RunView } from '../run-view.ts'

/** One comparison: `measured` is not to be above `bar`. */
export interface Held {
  /** Which cell or counter, in a few words. */
  readonly what: string
  readonly unit: string
  readonly measured: Estimate
  readonly bar: Estimate
}

export interface Bar {
  readonly title: string
  readonly words: string
  /** A comparison for each figure that the run has; none if it has not what the formula needs. */
  held(run: RunView): readonly Held[]
}

/** The bars of one backend. */
export interface BarList {
  readonly backend: string
  readonly bars: readonly Bar[]
}

export const LEVELS = ['relaxed', 'strict'] as const
export type Level = (typeof LEVELS)[number]

export const WRITES = ['insert', 'update', 'delete'] as const

export const isFirefox = ({ browser }: RunView): boolean => browser === 'firefox'

export interface RoundTrip {
  readonly workload: string
  readonly level: Level
}

export function commits(levels: readonly Level[] = LEVELS): RoundTrip[] {
  return levels.flatMap((level) =>
    ROW_SIZES.flatMap((size) => WRITES.map((verb) => ({ workload: `pg-${verb}-${size}`, level }))),
  )
}

export function selects(): RoundTrip[] {
  return LEVELS.flatMap((level) =>
    ROW_SIZES.map((size) => ({ workload: `pg-select-${size}`, level })),
  )
}

/** A cell, and what takes its place in memory. */
export function besideMemory(
  run: RunView,
  backend: string,
  workload: string,
  level: Durability,
): [ours: Cell | undefined, memory: Cell | undefined] {
  return [run.cell(workload, backend, level), run.cell(workload, 'memory', 'none')]
}
