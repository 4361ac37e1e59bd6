import { describe, expect, test } from 'vitest'
import { clockStep } from './clock.ts'

describe('the step of a clock', () => {
  test('is its least change', () => {
    let calls = 0
    // Every tenth call finds it later: by two steps, then by one.
    const now = (): number => {
      const changes = Math.floor(calls++ / 10)
      return 5 * (changes + Math.ceil(changes / 2))
    }
    expect(clockStep(now)).toBe(5)
  })

  test('is not waited for without end', () => {
    let calls = 0
    expect(clockStep(() => Math.floor(calls++ / 10) * 1_000)).toBe(50)
  })

  test('is found of the real one', () => {
    expect(clockStep()).toBeGreaterThan(0)
    expect(clockStep()).toBeLessThan(2)
  })
})
