import { describe, expect, test } from 'vitest'
import { estimate, exactly, excess, lowerRank, sum, times } from './interval.ts'

describe('the interval of a median', () => {
  test('has the ranks of the binomial distribution', () => {
    // As in tables of the sign test at 5 %, whose critical values are these ranks plus one.
    expect([1, 5, 6, 8, 9, 10, 20, 100].map(lowerRank)).toEqual([0, 0, 0, 0, 1, 1, 5, 39])
  })

  test('encloses the median of samples in any order', () => {
    const samples = [9, 1, 5, 3, 7, 2, 8, 4, 6, 10]
    expect(estimate(samples, [10])).toEqual({ value: 5.5, low: 2, high: 9 })
  })

  test('is that of the rounds once there are five, however many samples each has', () => {
    const samples = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    expect(estimate(samples, [3, 3, 3, 3, 3])).toEqual({ value: 3, low: 1, high: 5 })
  })

  test('needs a sample', () => {
    expect(() => estimate([], [])).toThrow(RangeError)
  })
})

describe('formulas', () => {
  const a = { value: 10, low: 8, high: 13 }
  const b = { value: 4, low: 3, high: 6 }

  test('carry the intervals along', () => {
    expect(sum(a, b, exactly(1))).toEqual({ value: 15, low: 12, high: 20 })
    expect(times(2, a)).toEqual({ value: 20, low: 16, high: 26 })
    expect(excess(a, b)).toEqual({ value: 6, low: 2, high: 10 })
  })

  test('never make a cost negative', () => {
    expect(excess(b, a)).toEqual({ value: 0, low: 0, high: 0 })
  })
})
