// What a workload is to the bench: a name, when in a store's life it runs, and the code that does and
// times it. Each file here holds one or a few such objects, listed in index.ts. Read by node (names)
// and run by the worker (browser/life.ts).

import type { Maybe } from '../backends/files.ts'
import type { Column, Counters } from '../protocol.ts'
import type { Unit } from '../schema.ts'
import type { FileSession } from './file-session.ts'
import type { PostgresSession } from './session.ts'

/**
 * The steps of a store's life, in order: `create`, then every workload of the phase `use` in the order
 * of the list, then `close`; in a fresh worker `reopen`; in another `mount`, which opens the file
 * system without Postgres. After `reopen` a store may be killed while it commits: `reopen-killed` is
 * how it comes back. Where a life has no workload of a phase, that step is not timed or not taken.
 */
export type Phase = 'create' | 'use' | 'close' | 'reopen' | 'mount' | 'reopen-killed'

/** Phases that need a store that outlives its worker. */
export const LATER_PHASES: readonly Phase[] = ['reopen', 'mount', 'reopen-killed']

/** Workloads of one life share a store; lives run one after the other, in this order. */
export const LIVES = [
  'rows',
  'sql',
  'tpcb',
  'mixed',
  'tables',
  'window',
  'concurrent',
  'footprint',
  'large',
  'many-tables',
  'files',
] as const
export type LifeName = (typeof LIVES)[number]

/** What a run takes: `--quick` the first, no option the first two, `--full` all. */
export type WorkloadSet = 'quick' | 'default' | 'full'

interface WorkloadBase {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  readonly life: LifeName
  readonly set: WorkloadSet
  readonly phase: Phase
  readonly unit: Unit
  /** The whole workload, preparation included, must end by then; else its cell says that it hangs. */
  readonly deadlineMs: number
  /** Why the workload does not apply to a column; undefined where it does. */
  unfit?(column: Column): string | undefined
  /** Only a browser that the command line has started can do it, not a page by itself. */
  readonly needsDriver?: boolean
  /** Raw probes to run beside those of every run, by which the figure is read. */
  readonly probes?: readonly string[]
}

export interface PostgresWorkload extends WorkloadBase {
  /** Whether it takes Postgres or any SQL database will do; `session.pg` is there for Postgres alone. */
  readonly kind: 'postgres' | 'sql'
  /** Has the distinct files counted that access handles write to: see browser/handle-watch.ts. */
  readonly watchesHandles?: boolean
  /**
   * What a workload of a later phase needs in the store: done once, untimed, before the store is
   * closed. Workloads that share the function share what it made.
   */
  readonly prepare?: (session: PostgresSession) => Promise<void>
  run(session: PostgresSession, meter: Meter): Promise<void>
}

/** Files without Postgres. All are of the phase `use`: the store is opened, used and closed. */
export interface FileWorkload extends WorkloadBase {
  readonly kind: 'files'
  readonly phase: 'use'
  run(session: FileSession, meter: Meter): Promise<void>
}

export type Workload = PostgresWorkload | FileWorkload

/** Times what it is given; what it took are the workload's samples. */
export interface Meter {
  /** One sample. */
  once(operation: () => Promise<unknown>): Promise<void>
  /**
   * Many samples, after a few unrecorded ones. `next` makes an operation and is not timed, nor are its
   * `prepare` and its `check`, which throws if the result is wrong. Of operations that are too short for
   * the clock, a sample is the mean of several. Where `run` does a thing many times, `times` says how often,
   * and a sample is what one of them took.
   */
  repeat<Result>(next: () => Operation<Result>, times?: number): Promise<void>
  /** One sample that the workload took itself, in its unit. */
  record(sample: number, counters?: Counters): void
  /** More counters, beside those of the backend. */
  count(counters: Counters): void
}

export interface Operation<Result> {
  /** Works on the store before the operation; what it does is not counted. */
  prepare?(): Promise<void>
  run(): Maybe<Result>
  check?(result: Result): void
}

/** Untimed, and checked. */
export async function carryOut<Result>({ prepare, run, check }: Operation<Result>): Promise<void> {
  await prepare?.()
  const result = await run()
  check?.(result)
}

/** Calls of `next` in one `repeat` at most, so that a workload can prepare as many rows. */
export const REPEAT_MAX = 110

/** A result that differs from what was written: the cell reads `wrong result`, whatever its time. */
export class WrongResult extends Error {
  override readonly name: 'WrongResult' = 'WrongResult'
}

/** What the browser has not: the cell reads `n/a`. */
export class Unavailable extends Error {
  override readonly name: 'Unavailable' = 'Unavailable'
}

export function expectEqual(what: string, actual: unknown, expected: number | string): void {
  if (actual === expected) return
  throw new WrongResult(`${what}: ${String(actual)} instead of ${expected}`)
}
