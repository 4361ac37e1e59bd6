// Short workloads whose crashes once broke the promise, tried exhaustively: the systematic and seeded
// ones of crash.test.ts found them, and need not find them again by chance.

import { Explorer, SimulatedWorld, START, type Workload } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withRecord } from '../../../../tools/soak/failures.ts'
import { isSmallSample } from '../../../../tools/tiers.ts'
import { target as opfsAhp } from './target.ts'

interface Regression {
  readonly name: string
  readonly workload: Workload
  /** What the session after the crash does. */
  readonly after?: Workload
}

/** Of each crash that leaves more states than can all be tried. */
const SAMPLES = isSmallSample('CRASH_STATES') ? 16 : 64
/** For a machine that does much else. */
const TIMEOUT_MS = 240_000

const WORKLOADS: readonly Regression[] = [
  {
    name: 'bytes from before a cut stay away when the file grows by a write',
    workload: [
      ['truncate', '/a', 1000],
      ['fsync', '/a'],
      ['append', '/a', 2000],
      ['create', '/k'],
      ['fsync', '/'],
    ],
  },
  {
    name: 'bytes from before a cut stay away when the file grows by a truncate',
    workload: [
      ['truncate', '/a', 1000],
      ['fsync', '/a'],
      ['truncate', '/a', 7000],
      ['create', '/k'],
      ['fsync', '/'],
    ],
  },
  {
    name: 'a new file that was fsynced is there before bytes that were written after it',
    workload: [
      ['create', '/k'],
      ['fsync', '/k'],
      ['write', '/a', 0, 4096],
      ['fsync', '/a'],
    ],
  },
  {
    name: 'a new file that was fsynced is there when the window has passed',
    workload: [
      ['create', '/k'],
      ['fsync', '/k'],
      ['wait', 600],
    ],
  },
  {
    name: 'a link of a strict store is there before bytes that were written after its relaxed fsync',
    workload: [
      ['link', '/a', '/y'],
      ['relax'],
      ['fsync', '/'],
      ['write', '/d/c', 0, 4096],
      ['fsync', '/d/c'],
    ],
  },
  {
    name: 'a removed file comes back whole, in a power cut while reopening',
    workload: [
      ['unlink', '/d/c'],
      ['fsync', '/d'],
    ],
  },
  {
    name: 'a long write across the end tears no sector of what was there',
    workload: [
      ['write', '/a', 7698, 70_000],
      ['fsync', '/a'],
      ['write', '/a', 7811, 70_000],
    ],
  },
  {
    name: 'an fsync covers a name that a rename has taken away',
    workload: [['link', '/a', '/y'], ['sync'], ['rename', '/d/c', '/y'], ['fsync', '/a']],
  },
  {
    name: 'a close after a crash takes no bytes of a file whose cut is not on storage',
    workload: [
      ['append', '/a', 1000],
      ['fsync', '/a'],
    ],
    after: [['truncate', '/a', 1000], ['close']],
  },
]

describe('opfs-ahp after a crash', () => {
  let world: SimulatedWorld
  beforeEach(() => {
    world = new SimulatedWorld(1, START)
    world.enter()
  })
  afterEach(() => world.leave())

  const levels = ['strict', 'relaxed'] as const
  it.each(levels.flatMap((level) => WORKLOADS.map((each) => ({ ...each, level }))))(
    '$name ($level)',
    { timeout: TIMEOUT_MS },
    async ({ level, workload, after = [] }) => {
      const explorer = new Explorer(opfsAhp, world, 1, () => after)
      const limits = { exhaustiveMax: 64, samples: SAMPLES, followOneIn: 2, followPoints: 50 }
      for (const cacheBytes of [0, 16_777_216]) {
        await withRecord(opfsAhp, world, () =>
          explorer.explore('small', { level, cacheBytes }, workload, { points: 1000, ...limits }),
        )
      }
      expect(explorer.states.size).toBeGreaterThan(2)
    },
  )
})
