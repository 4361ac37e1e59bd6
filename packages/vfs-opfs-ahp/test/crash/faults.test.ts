// Every physical call of a workload is failed once, in every way it can fail: the error reaches the
// caller, what the program sees stays what it did, and nothing acknowledged is lost after a reopen.
// CRASH_SEED=7 tries other workloads, FAULT_WORKLOADS=200 more of them.

import {
  aceAtRandom,
  checkpoints,
  FaultOracle,
  firstLoad,
  mixed,
  moves,
  SimulatedWorld,
  START,
  type DiskName,
  type StoreOptions,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { target as opfsAhp } from './target.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const WORKLOADS = Number(process.env['FAULT_WORKLOADS'] ?? 6)

interface Plan {
  readonly name: string
  readonly disk: DiskName
  readonly level: StoreOptions['level']
  readonly share: number
  make(random: SeededRandom): Workload
}

const PLANS: readonly Plan[] = (['strict', 'relaxed'] as const).flatMap((level) => [
  { name: 'short', disk: 'small', level, share: 1, make: aceAtRandom },
  { name: 'long', disk: 'small', level, share: 0.4, make: (random) => mixed(random, 20) },
  { name: 'moves', disk: 'small', level, share: 0.3, make: moves },
  { name: 'first load', disk: 'empty', level, share: 0.1, make: firstLoad },
  { name: 'checkpoints', disk: 'small', level, share: 0.1, make: checkpoints },
])

describe('opfs-ahp when storage fails', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
  })
  afterEach(() => world.leave())

  it.each(PLANS)(
    'tells the caller and loses nothing: $name ($level)',
    { timeout: 60_000 + WORKLOADS * 20_000 },
    async ({ name, disk, level, share, make }) => {
      const random = new SeededRandom(SEED)
      const oracle = new FaultOracle(opfsAhp, world)
      for (let left = Math.ceil(WORKLOADS * share); left > 0; left--) {
        const options = { level, cacheBytes: random.pick([0, 16_777_216]) }
        await oracle.failEach({ disk, options, workload: make(random), seed: random.next() })
      }
      console.log(`${oracle.injections} faults: ${name} (${level})`)
      expect(oracle.injections).toBeGreaterThan(0)
    },
  )
})
