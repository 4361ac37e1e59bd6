import { afterEach, describe, expect, test, vi } from 'vitest'
import { REPEAT_MAX, WrongResult, type Operation } from '../workloads/workload.ts'
import { perSample, SampleMeter } from './meter.ts'

function counting(): { readonly next: () => Operation<number>; readonly calls: () => number } {
  let calls = 0
  return {
    calls: () => calls,
    next: () => ({ run: () => Promise.resolve(++calls), check: () => {} }),
  }
}

/** A step that anything spans. */
const FINE_MS = 1e-9

afterEach(() => vi.restoreAllMocks())

describe('the meter', () => {
  test('takes one sample of what happens once', async () => {
    const meter = new SampleMeter(() => ({}), 'ms')
    await meter.once(() => new Promise((resolve) => setTimeout(resolve, 20)))
    expect(meter.samples).toHaveLength(1)
    expect(meter.samples[0]).toBeGreaterThan(15)
    expect(meter.counters).toBeUndefined()
  })

  test('takes a hundred of what is fast, after a warm-up, and prepares no more than it may', async () => {
    const meter = new SampleMeter(() => ({}), 'ms', FINE_MS)
    const { next, calls } = counting()
    await meter.repeat(next)
    expect(meter.samples).toHaveLength(100)
    expect(calls()).toBe(REPEAT_MAX)
  })

  test('stops early with what is slow, but has enough for a median', async () => {
    const meter = new SampleMeter(() => ({}), 'ms')
    await meter.repeat(() => ({
      run: () => new Promise((resolve) => setTimeout(resolve, 150)),
      check: () => {},
    }))
    expect(meter.samples).toHaveLength(5)
  })

  test('counts the work of the samples and not of the warm-up', async () => {
    let flushes = 0
    const meter = new SampleMeter(() => ({ flushes, handles: 3 }), 'ms', FINE_MS)
    await meter.repeat(() => ({ run: () => Promise.resolve((flushes += 2)), check: () => {} }))
    expect(flushes).toBe(2 * REPEAT_MAX)
    expect(meter.counters).toEqual({ flushes: 2, handles: 3 })
  })

  test('divides what is done many times, in microseconds, and leaves out what prepared it', async () => {
    let writes = 0
    const meter = new SampleMeter(() => ({ writes }), 'us')
    await meter.repeat(
      () => ({
        prepare() {
          writes += 1_000
          return Promise.resolve()
        },
        run() {
          const end = performance.now() + 4
          while (performance.now() < end) writes += 0
          writes += 40
        },
      }),
      4,
    )
    expect(meter.counters).toEqual({ writes: 10 })
    expect(Math.min(...meter.samples)).toBeGreaterThanOrEqual(1_000)
    expect(Math.min(...meter.samples)).toBeLessThan(4_000)
  })

  test('times what the clock cannot see as often as it takes, and shares the time out', async () => {
    const stepMs = 0.02
    const runMs = 0.007
    let time = 0
    vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(time / stepMs) * stepMs)
    const meter = new SampleMeter(() => ({ reads: calls() }), 'us', stepMs)
    const { next: count, calls } = counting()
    await meter.repeat(() => {
      const { run } = count()
      return {
        run: async () => {
          const result = await run()
          time += runMs
          return result
        },
      }
    })
    expect(calls()).toBe(REPEAT_MAX)
    expect(meter.samples).toHaveLength(5)
    for (const sample of meter.samples) expect(sample).toBeCloseTo(1_000 * runMs, -1)
    expect(meter.counters).toEqual({ reads: 1 })
  })

  test('takes what a workload measured itself, and adds what it counted', () => {
    const meter = new SampleMeter(() => ({ flushes: 9 }), 'ms')
    meter.record(1.25, { flushes: 5 })
    meter.count({ windows: 4 })
    expect(meter.samples).toEqual([1.25])
    expect(meter.counters).toEqual({ flushes: 5, windows: 4 })
  })

  test('passes on what a check refuses', async () => {
    const meter = new SampleMeter(() => ({}), 'ms')
    const repeat = meter.repeat(() => ({
      run: () => Promise.resolve(1),
      check: () => {
        throw new WrongResult('not this')
      },
    }))
    await expect(repeat).rejects.toThrow(WrongResult)
  })
})

test('counters are divided by the samples, except the number of handles', () => {
  const before = { handles: 5, flushes: 10 }
  const after = { handles: 7, flushes: 30, writes: 5 }
  expect(perSample(before, after, 10)).toEqual({ handles: 7, flushes: 2, writes: 0.5 })
  expect(perSample({}, {}, 10)).toBeUndefined()
})
