// opfs-worker as `pnpm soak --crash-states` explores it.

import { exploreFamily, SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import type { CrashExploration } from '../../../tools/soak/crash-child.ts'
import { withRecord } from '../../../tools/soak/failures.ts'
import { FAMILIES } from './crash/families.ts'
import { opfsWorker } from './crash/target.ts'

export const exploration: CrashExploration = {
  families: FAMILIES.length,

  async explore(index, budget) {
    const world = new SimulatedWorld(budget.seed, START)
    world.enter()
    const target = opfsWorker(world)
    try {
      return await withRecord(target, world, () =>
        exploreFamily(target, world, FAMILIES[index]!, budget),
      )
    } finally {
      world.leave()
    }
  },
}
