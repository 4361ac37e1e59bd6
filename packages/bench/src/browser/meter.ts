// The clock of a workload: warm-up, samples, and the physical work that went into them. One per
// workload and life; used by life.ts.

import type { VfsCounters } from '@wasm-vfs/core'
import type { Counters } from '../protocol.ts'
import type { Unit } from '../schema.ts'
import { median } from '../statistics.ts'
import { REPEAT_MAX, type Meter, type Operation } from '../workloads/workload.ts'
import { clockStep } from './clock.ts'

interface Limits {
  readonly count: number
  /** Taken even if the time is up. */
  readonly countMin: number
  readonly timeMs: number
}

// A fast backend reaches the count, a slow one the time, so that a full run stays below five minutes.
const WARM_UP: Limits = { count: 10, countMin: 1, timeMs: 100 }
const MEASURED: Limits = { count: 100, countMin: 5, timeMs: 500 }

/** Of the clock, in a sample: a browser's is as coarse as 20 µs, or a millisecond, and a read in memory is not. */
const STEPS_PER_SAMPLE = 20
/** So that even of those that take many runs there are `countMin` samples. */
const RUNS_PER_SAMPLE_MAX = MEASURED.count / MEASURED.countMin

const US_PER_MS = 1_000

export class SampleMeter implements Meter {
  readonly #stats: () => VfsCounters
  /** Of the unit in a millisecond. */
  readonly #perMs: number
  readonly #clockStepMs: number
  readonly #samples: number[] = []
  #counters: Counters | undefined

  /** What is timed is recorded in `unit`; of one that is no time, there are only records. */
  constructor(stats: () => VfsCounters, unit: Unit, clockStepMs: number = clockStep()) {
    this.#stats = stats
    this.#perMs = unit === 'us' ? US_PER_MS : 1
    this.#clockStepMs = clockStepMs
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
    this.#samples.push((performance.now() - start) * this.#perMs)
    this.#counters = perSample(before, this.#stats(), 1)
  }

  record(sample: number, counters?: Counters): void {
    this.#samples.push(sample)
    this.#counters = counters
  }

  count(counters: Counters): void {
    this.#counters = { ...this.#counters, ...counters }
  }

  async repeat<Result>(next: () => Operation<Result>, times = 1): Promise<void> {
    let calls = 0
    let runs = 1
    const within = (limits: Limits, start: number, count: number): boolean =>
      calls + runs <= REPEAT_MAX &&
      count < limits.count &&
      (count < limits.countMin || performance.now() - start < limits.timeMs)
    const prepared = new Map<string, number>()
    const timed = async (): Promise<number> => {
      calls++
      const { prepare, run, check } = next()
      if (prepare !== undefined) {
        const idle = this.#stats()
        await prepare()
        addGrowth(prepared, idle, this.#stats())
      }
      const from = performance.now()
      const pending = run()
      // What answers at once is not awaited: a turn of the queue would count.
      const result = pending instanceof Promise ? await pending : pending
      const ms = performance.now() - from
      check?.(result)
      return ms
    }

    const warmUp: number[] = []
    const warmUpStart = performance.now()
    while (within(WARM_UP, warmUpStart, warmUp.length)) warmUp.push(await timed())
    runs = this.#runsPerSample(warmUp)

    prepared.clear()
    const before = this.#stats()
    const start = performance.now()
    const callsBefore = calls
    for (let count = 0; within(MEASURED, start, count); count++) {
      // Each run begins anywhere in a step of the clock, so what a step adds or takes evens out in the sum.
      let ms = 0
      for (let run = 0; run < runs; run++) ms += await timed()
      this.#samples.push((ms * this.#perMs) / (runs * times))
    }
    const after = withoutPreparation(this.#stats(), prepared)
    this.#counters = perSample(before, after, (calls - callsBefore) * times)
  }

  /** From the later half of the warm-up, since the first runs compile; and from its median, since some are disturbed. */
  #runsPerSample(warmUp: readonly number[]): number {
    const ms = median(warmUp.slice(Math.floor(warmUp.length / 2)))
    const wanted = Math.ceil((STEPS_PER_SAMPLE * this.#clockStepMs) / ms)
    return Math.min(Math.max(1, wanted), RUNS_PER_SAMPLE_MAX)
  }
}

/** Adds what happened between `before` and `after`. */
function addGrowth(total: Map<string, number>, before: VfsCounters, after: VfsCounters): void {
  for (const name of Object.keys(after) as (keyof VfsCounters)[]) {
    if (name === 'handles') continue
    total.set(name, (total.get(name) ?? 0) + (after[name] ?? 0) - (before[name] ?? 0))
  }
}

function withoutPreparation(
  counters: VfsCounters,
  prepared: ReadonlyMap<string, number>,
): VfsCounters {
  return Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [name, value - (prepared.get(name) ?? 0)]),
  )
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
