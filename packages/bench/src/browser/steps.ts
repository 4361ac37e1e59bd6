// The steps of a life as the page hears of them: each is announced with its deadline, and what it throws
// is the failure of its name. Used by life.ts and file-life.ts.

import type { VfsCounters } from '@wasm-vfs/core'
import type { TaskEvent } from '../protocol.ts'
import type { Meter, Workload } from '../workloads/workload.ts'
import { cellError } from './errors.ts'
import { SampleMeter } from './meter.ts'

export const STEP_DEADLINE_MS = 90_000

export class Steps {
  readonly #emit: (event: TaskEvent) => void

  constructor(emit: (event: TaskEvent) => void) {
    this.#emit = emit
  }

  /** What comes now has until its deadline. */
  begin(name: string, deadlineMs: number = STEP_DEADLINE_MS): void {
    this.#emit({ type: 'stage', name, deadlineMs })
  }

  fail(name: string, error: unknown): void {
    this.#emit({ type: 'failed', name, error: cellError(error) })
  }

  /** The browser has not what the backend needs. */
  refuse(message: string): void {
    this.#emit({ type: 'failed', name: 'load', error: { kind: 'unavailable', message } })
  }

  /** An untimed step; false if it failed. */
  async step(
    name: string,
    action: () => Promise<void>,
    deadlineMs: number = STEP_DEADLINE_MS,
  ): Promise<boolean> {
    this.begin(name, deadlineMs)
    try {
      await action()
      return true
    } catch (error) {
      this.fail(name, error)
      return false
    }
  }

  /** A workload, timed by the meter that `run` is given; false if it failed. */
  async time(
    { name, unit, deadlineMs }: Pick<Workload, 'name' | 'unit' | 'deadlineMs'>,
    stats: () => VfsCounters,
    run: (meter: Meter) => Promise<void>,
  ): Promise<boolean> {
    const meter = new SampleMeter(stats, unit)
    const done = await this.step(name, () => run(meter), deadlineMs)
    if (done) {
      this.#emit({ type: 'measured', name, samples: meter.samples, counters: meter.counters })
    }
    return done
  }
}
