// Crash enumeration of opfs-ahp. CRASH_STATES=1000000 tries more states, CRASH_SEED=7 others, and
// CRASH_REPLAY=file one that failed.

import { exploreFamily, FAMILIES, SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replayFile, withRecord } from '../../../../tools/soak/failures.ts'
import { isSmallSample, sampleSize } from '../../../../tools/tiers.ts'
import { target as opfsAhp } from './target.ts'

const STATES = sampleSize('CRASH_STATES', { quick: 1000, all: 13_000 })
/** The quick tier has the strict level alone. */
const TAKEN = isSmallSample('CRASH_STATES')
  ? FAMILIES.filter(({ level }) => level === 'strict')
  : FAMILIES
const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const REPLAY = process.env['CRASH_REPLAY']

describe('opfs-ahp after a crash', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
  })
  afterEach(() => world.leave())

  if (REPLAY !== undefined) {
    it('replays', async () => {
      await expect(replayFile(opfsAhp, world, REPLAY)).resolves.toBeUndefined()
    })
    return
  }

  it.each(TAKEN)(
    'holds its promise: $name ($level)',
    { timeout: 280_000 + STATES * 20 },
    async (family) => {
      const { states, trials } = await withRecord(opfsAhp, world, () =>
        exploreFamily(opfsAhp, world, family, { states: STATES, seed: SEED }),
      )
      console.log(
        `${states.size} crash states, ${trials} openings: ${family.name} (${family.level})`,
      )
      expect(states.size).toBeGreaterThan(0)
    },
  )
})
