// Crash enumeration of opfs-worker. CRASH_STATES=100000 tries more states, CRASH_SEED=7 others, and
// CRASH_REPLAY=file one that failed.

import { exploreFamily, SimulatedWorld, START, type Family } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replayFile, withRecord } from '../../../../tools/soak/failures.ts'
import { FAMILIES } from './families.ts'
import { opfsWorker } from './target.ts'

const STATES = Number(process.env['CRASH_STATES'] ?? 1500)
const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const REPLAY = process.env['CRASH_REPLAY']

/**
 * Families with a failure that is not mended. In most, a name whose removal a power cut has taken back is a new
 * inode, and the judge takes no such name two crashes later; in a first load that is killed, files that were half
 * made are shown beside the whole ones; in one sequence a large file has bytes from before an fsync.
 */
const OPEN: ReadonlySet<string> = new Set([
  'sequences of everything strict',
  'directories that move strict',
  'directories that move relaxed',
  'nothing is ever synced strict',
  'nothing is ever synced relaxed',
  'the clock is set strict',
  'the clock is set relaxed',
  'files that become large relaxed',
  'a first load strict',
])

/** With other seeds or more states any family may fail, and then it is to be seen. */
function isOpen({ name, level }: Family): boolean {
  return SEED === 1 && process.env['CRASH_STATES'] === undefined && OPEN.has(`${name} ${level}`)
}

describe('opfs-worker after a crash', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(SEED, START)
    world.enter()
  })
  afterEach(() => world.leave())

  if (REPLAY !== undefined) {
    it('replays', async () => {
      await expect(replayFile(opfsWorker(world), world, REPLAY)).resolves.toBeUndefined()
    })
    return
  }

  it.each(FAMILIES.filter((family) => !isOpen(family)))(
    'holds its promise: $name ($level)',
    { timeout: 60_000 + STATES * 40 },
    async (family) => {
      const target = opfsWorker(world)
      const { states, trials } = await withRecord(target, world, () =>
        exploreFamily(target, world, family, { states: STATES, seed: SEED }),
      )
      console.log(
        `${states.size} crash states, ${trials} openings: ${family.name} (${family.level})`,
      )
      expect(states.size).toBeGreaterThan(0)
    },
  )

  // Each has a crash state that is judged wrong; the test fails once none has, and the family then belongs above.
  it.fails.each(FAMILIES.filter(isOpen))(
    'does not hold its promise yet: $name ($level)',
    { timeout: 60_000 + STATES * 40 },
    async (family) => {
      const exploring = exploreFamily(opfsWorker(world), world, family, {
        states: STATES,
        seed: SEED,
      })
      await expect(exploring).resolves.toBeDefined()
    },
  )
})
