// Crash enumeration of the store. CRASH_STATES=100000 tries more states, CRASH_SEED=7 others.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stopClock } from './clock.ts'
import { exploreFamily, FAMILIES, LOSSES } from './families.ts'

const STATES = Number(process.env['CRASH_STATES'] ?? 8000)
const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const TIMEOUT_MS = 600_000

let startClock: () => void

beforeEach(() => {
  startClock = stopClock()
})

afterEach(() => {
  startClock()
})

describe.each(LOSSES)('$name', (loss) => {
  it.each(FAMILIES)('$name', { timeout: TIMEOUT_MS }, async (family) => {
    const { trials } = await exploreFamily(family, loss, STATES, SEED)
    expect(trials).toBeGreaterThan(0)
  })
})
