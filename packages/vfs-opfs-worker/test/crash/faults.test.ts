// Every physical call of a workload is failed once, in every way it can fail: the error reaches the caller or
// does no harm, what the program sees stays what it did, and nothing acknowledged is lost after a reopen.
// CRASH_SEED=7 tries other workloads, FAULT_WORKLOADS=200 more of them.

import {
  aceAtRandom,
  checkpoints,
  committedByNames,
  FaultOracle,
  firstLoad,
  mixed,
  replaced,
  shortOfSpace,
  SimulatedWorld,
  START,
  type DiskName,
  type StoreOptions,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isSmallSample } from '../../../../tools/tiers.ts'
import { fewestHandles } from './port.ts'
import { opfsWorker, type Variant } from './target.ts'
import { cuts, interrupted, outgrown, swaps } from './workloads.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const WORKLOADS = Number(process.env['FAULT_WORKLOADS'] ?? 1)
const SCARCE = 8 * 1024 * 1024

interface Plan {
  readonly name: string
  readonly disk?: DiskName
  readonly share: number
  readonly variant?: Variant
  readonly options?: Pick<StoreOptions, 'maxHandles' | 'space'>
  make(random: SeededRandom): Workload
}

const PLANS: readonly Plan[] = [
  { name: 'short', share: 1, make: aceAtRandom },
  { name: 'long', share: 0.3, make: (random) => mixed(random, 16) },
  { name: 'names', share: 0.5, make: (random) => swaps(random).slice(0, 10) },
  { name: 'commits by names', share: 0.5, make: committedByNames },
  { name: 'staged', share: 0.3, variant: 'files that outgrow memory', make: outgrown },
  { name: 'in place', share: 0.5, variant: 'large files', make: cuts },
  { name: 'replaced in place', share: 0.3, variant: 'large files', make: replaced },
  {
    name: 'in place, scarce space',
    share: 0.3,
    variant: 'large files',
    options: { space: SCARCE },
    make: (random) => [...cuts(random), ...shortOfSpace(random).slice(0, 6)],
  },
  { name: 'scarce space', share: 0.3, options: { space: SCARCE }, make: shortOfSpace },
  {
    name: 'few handles',
    share: 0.3,
    variant: 'large files',
    options: { maxHandles: fewestHandles() },
    make: (random) => mixed(random, 10),
  },
  { name: 'a first load', disk: 'empty', share: 0.2, make: firstLoad },
  {
    name: 'checkpoints of the log',
    share: 0.1,
    // Most of it fills the log by calls that are all alike.
    make: (random) =>
      checkpoints(random).filter((each, index) => index % 4 === 0 || each[0] === 'fsync'),
  },
]

const LEVELS = isSmallSample('FAULT_WORKLOADS')
  ? (['strict'] as const)
  : (['strict', 'relaxed'] as const)
const CASES = LEVELS.flatMap((level) => PLANS.map((plan) => ({ ...plan, level })))

describe('opfs-worker when storage fails', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
  })
  afterEach(() => world.leave())

  it.each(CASES)(
    'tells the caller and loses nothing: $name ($level)',
    { timeout: 240_000 + WORKLOADS * 60_000 },
    async ({ name, disk = 'small', share, level, variant, options, make }) => {
      const random = new SeededRandom(SEED)
      const oracle = new FaultOracle(opfsWorker(world), world)
      for (let left = Math.ceil(WORKLOADS * share); left > 0; left--) {
        await oracle.failEach({
          disk,
          options: { level, cacheBytes: 0, namesSettleAtOnce: true, variant, ...options },
          // With idle time at the end, so that the calls of a checkpoint fail, too.
          workload: [...interrupted(make(random), random), ['wait', 2000], ['append', '/a', 300]],
          seed: random.next(),
        })
      }
      console.log(`${oracle.injections} faults: ${name} (${level})`)
      expect(oracle.injections).toBeGreaterThan(0)
    },
  )
})
