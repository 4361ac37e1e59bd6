// The clock of a workload: warm-up, samples, and the physical work that went into them. One per
// workload and life; used by life.ts.

import type { VfsCounters } from '@wasm-vfs/core'
import type { Counters } from '../protocol.ts'
import { REPEAT_MAX, type Meter, type Operation } from '../workloads/workload.ts'

interface Limits {
  readonly count: number
  /** Taken even if the time is up. */
  readonly countMin: number
  readonly timeMs: number
}

// A fast backend reaches the count, a slow one the time, so that a full run stays below five minutes.
const WARM_UP: Limits = { count: 10, countMin: 1, timeMs: 100 }
const MEASURED: Limits = { count: 100, countMin: 5, timeMs: 500 }

export class SampleMeter implements Meter {
  readonly #stats: () => VfsCounters
  readonly #samples: number[] = []
  #counters: Counters | undefined

  constructor(stats: () => VfsCounters) {
    this.#stats = stats
  }

  get samples(): readonly number[] {
    return this.#samples
  }

  /** Per sample. Undefined where the backend counts nothing. */
  get counters(): Counters | undefined {
    return this.#counters
  }

  async once(operation: () => Promise<unknown>): Promise<void> {
    const before = this.#stats()
    const start = performance.now()
    await operation()
    this.#samples.push(performance.now() - start)
    this.#counters = perSample(before, this.#stats(), 1)
  }

  record(sample: number, counters?: Counters): void {
    this.#samples.push(sample)
    this.#counters = counters
  }

  count(counters: Counters): void {
    this.#counters = { ...this.#counters, ...counters }
  }

  async repeat<Result>(next: () => Operation<Result>): Promise<void> {
    let calls = 0
    const within = (limits: Limits, start: number, count: number): boolean =>
      calls < REPEAT_MAX &&
      count < limits.count &&
      (count < limits.countMin || performance.now() - start < limits.timeMs)

    const warmUpStart = performance.now()
    for (let count = 0; within(WARM_UP, warmUpStart, count); count++, calls++) {
      const { run, check } = next()
      check(await run())
    }

    const before = this.#stats()
    const start = performance.now()
    for (let count = 0; within(MEASURED, start, count); count++, calls++) {
      const { run, check } = next()
      const from = performance.now()
      const result = await run()
      this.#samples.push(performance.now() - from)
      check(result)
    }
    this.#counters = perSample(before, this.#stats(), this.#samples.length)
  }
}

/** The growth of each counter, divided; `handles` is not a count of events and stays as it is. */
export function perSample(
  before: VfsCounters,
  after: VfsCounters,
  samples: number,
): Counters | undefined {
  const names = Object.keys(after) as (keyof VfsCounters)[]
  if (names.length === 0) return undefined
  return Object.fromEntries(
    names.map((name) => {
      const now = after[name] ?? 0
      if (name === 'handles') return [name, now]
      return [name, Math.round(((now - (before[name] ?? 0)) / samples) * 1_000) / 1_000]
    }),
  )
}
