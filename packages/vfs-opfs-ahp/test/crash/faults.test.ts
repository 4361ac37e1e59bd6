// Every physical call of a workload is failed once, in every way it can fail: the error reaches the
// caller, what the program sees stays what it did, and nothing acknowledged is lost after a reopen.
// CRASH_SEED=7 tries other workloads, FAULT_WORKLOADS=200 more of them. The quick tier has one of each plan, at
// the strict level.

import { failPlan, FAULT_PLANS, SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isSmallSample, sampleSize } from '../../../../tools/tiers.ts'
import { target as opfsAhp } from './target.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const WORKLOADS = sampleSize('FAULT_WORKLOADS', { quick: 1, all: 2 })
const PLANS = isSmallSample('FAULT_WORKLOADS')
  ? FAULT_PLANS.filter(({ level }) => level === 'strict')
  : FAULT_PLANS

describe('opfs-ahp when storage fails', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
  })
  afterEach(() => world.leave())

  it.each(PLANS)(
    'tells the caller and loses nothing: $name ($level)',
    { timeout: 240_000 + WORKLOADS * 40_000 },
    async (plan) => {
      const injections = await failPlan(opfsAhp, world, plan, { workloads: WORKLOADS, seed: SEED })
      console.log(`${injections} faults: ${plan.name} (${plan.level})`)
      expect(injections).toBeGreaterThan(0)
    },
  )
})
