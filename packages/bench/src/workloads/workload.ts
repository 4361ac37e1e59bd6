// What a workload is to the bench: a name, when in a store's life it runs, and the code that does and
// times it. Each file here holds one or a few such objects, listed in index.ts. Read by node (names)
// and run by the worker (browser/life.ts).

import type { Unit } from '../schema.ts'
import type { PostgresSession } from './session.ts'

/**
 * One life of a store: `create`, then every workload of the phase `use` in the order of the list,
 * then `close`, then `reopen` in a fresh worker. The three that are not `use` happen in every life;
 * a workload of such a phase is what times it.
 */
export type Phase = 'create' | 'use' | 'close' | 'reopen'

export interface Workload {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** What is driven: a backend must have a member of this name to run it. */
  readonly kind: 'postgres'
  readonly phase: Phase
  readonly unit: Unit
  /** The whole workload, preparation included, must end by then; else its cell says that it hangs. */
  readonly deadlineMs: number
  run(session: PostgresSession, meter: Meter): Promise<void>
}

/** Times what it is given; what it took are the workload's samples. */
export interface Meter {
  /** One sample. */
  once(operation: () => Promise<unknown>): Promise<void>
  /**
   * Many samples, after a few unrecorded ones. `next` prepares an operation and is not timed, nor is
   * its `check`, which throws if the result is wrong.
   */
  repeat<Result>(next: () => Operation<Result>): Promise<void>
}

export interface Operation<Result> {
  run(): Promise<Result>
  check(result: Result): void
}

/** Calls of `next` in one `repeat` at most, so that a workload can prepare as many rows. */
export const REPEAT_MAX = 110

/** A result that differs from what was written: the cell reads `wrong result`, whatever its time. */
export class WrongResult extends Error {
  override readonly name: 'WrongResult' = 'WrongResult'
}
