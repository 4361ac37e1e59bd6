import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { geometricMean, mean, median, quantile, summarize } from './statistics.ts'

const samples = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 })

describe('quantiles', () => {
  test('are the middle sample, or half way between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  test('interpolate as R and NumPy do by default', () => {
    // numpy.quantile([1, 2, 3, 4], [0.25, 0.95])
    expect(quantile([4, 3, 2, 1], 0.25)).toBe(1.75)
    expect(quantile([4, 3, 2, 1], 0.95)).toBeCloseTo(3.85, 12)
  })

  test('sort by size and not as text', () => {
    expect(median([10, 9, 100])).toBe(10)
  })

  test('leave the samples in their order', () => {
    const given = [3, 1, 2]
    summarize(given)
    expect(given).toEqual([3, 1, 2])
  })

  test('refuse no samples and impossible fractions', () => {
    expect(() => median([])).toThrow(RangeError)
    expect(() => quantile([1], 1.5)).toThrow(RangeError)
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError)
  })

  test('lie between the extremes and in order', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { min, p25, median: middle, p75, p95, max } = summarize(values)
        expect(min).toBe(Math.min(...values))
        expect(max).toBe(Math.max(...values))
        const inOrder = [min, p25, middle, p75, p95, max]
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b))
      }),
    )
  })
})

describe('means', () => {
  test('are arithmetic and geometric', () => {
    expect(mean([1, 2, 6])).toBe(3)
    expect(geometricMean([1, 4, 16])).toBeCloseTo(4, 12)
  })

  test('of ratios do not depend on which side is the yardstick', () => {
    const ratios = [0.5, 3, 1.25]
    const inverse = ratios.map((value) => 1 / value)
    expect(geometricMean(inverse)).toBeCloseTo(1 / geometricMean(ratios), 12)
  })

  test('refuse what has no mean', () => {
    expect(() => mean([])).toThrow(RangeError)
    expect(() => geometricMean([])).toThrow(RangeError)
    expect(() => geometricMean([1, 0])).toThrow(RangeError)
  })
})
