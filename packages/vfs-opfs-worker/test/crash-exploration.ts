// opfs-worker's store as `pnpm soak --crash-states` explores it.

import type { CrashExploration } from '../../../tools/soak/crash-child.ts'
import { stopClock } from './io/clock.ts'
import { exploreFamily, FAMILIES, LOSSES } from './io/families.ts'

const ALL = LOSSES.flatMap((loss) => FAMILIES.map((family) => ({ loss, family })))

export const exploration: CrashExploration = {
  families: ALL.length,

  async explore(index, { states, seed }) {
    const { loss, family } = ALL[index]!
    const startClock = stopClock()
    try {
      return await exploreFamily(family, loss, states, seed)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      throw new Error(`${loss.name}, ${family.name}, seed ${seed}: ${said}`, { cause: error })
    } finally {
      startClock()
    }
  },
}
