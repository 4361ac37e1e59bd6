// Crash enumeration of opfs-ahp. CRASH_STATES=1000000 tries more states, CRASH_SEED=7 others, and
// CRASH_REPLAY=file one that failed.

import { readFileSync } from 'node:fs'
import { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Explorer, type Limits, type Scenario } from './explore.ts'
import type { Workload } from './operations.ts'
import { restoreWorld, simulateWorld, START, type DiskName, type StoreOptions } from './store.ts'
import {
  aceAtRandom,
  aceInOrder,
  checkpoints,
  firstLoad,
  freedAndGrown,
  largeFiles,
  mixed,
  moves,
  replaced,
  reuse,
  shrunkAndGrown,
  writeAhead,
} from './workloads.ts'

const STATES = Number(process.env['CRASH_STATES'] ?? 24_000)
const SEED = Number(process.env['CRASH_SEED'] ?? 1)
const REPLAY = process.env['CRASH_REPLAY']

interface Family {
  readonly name: string
  /** Of all states. */
  readonly share: number
  readonly disk: DiskName
  readonly level: StoreOptions['level']
  readonly limits: Limits
  workloads(random: SeededRandom): Iterator<Workload>
}

const SHORT: Limits = {
  points: 40,
  exhaustiveMax: 16,
  samples: 10,
  followOneIn: 12,
  followPoints: 4,
}
const LONG: Limits = { points: 25, exhaustiveMax: 8, samples: 8, followOneIn: 12, followPoints: 4 }
// Few states of each, so that more workloads are tried.
const HEAVY: Limits = {
  points: 6,
  exhaustiveMax: 4,
  samples: 4,
  followOneIn: 20,
  followPoints: 4,
}
const AGAIN: Limits = { points: 8, exhaustiveMax: 2, samples: 2, followOneIn: 1, followPoints: 14 }

function* endless(make: () => Workload): Generator<Workload> {
  for (;;) yield make()
}

const FAMILIES: readonly Family[] = [
  {
    name: 'each operation and sync, and pairs',
    share: 0.15,
    disk: 'small',
    level: 'strict',
    limits: SHORT,
    workloads: () => aceInOrder(),
  },
  ...(['strict', 'relaxed'] as const).flatMap((level): Family[] => [
    {
      name: 'short sequences with syncs between',
      share: 0.09,
      disk: 'small',
      level,
      limits: SHORT,
      workloads: (random) => endless(() => aceAtRandom(random)),
    },
    {
      name: 'longer sequences of everything',
      share: 0.09,
      disk: 'small',
      level,
      limits: LONG,
      workloads: (random) => endless(() => mixed(random, 15 + random.below(25))),
    },
    {
      name: 'checkpoints of the state log',
      share: 0.03,
      disk: 'small',
      level,
      limits: HEAVY,
      workloads: (random) => endless(() => checkpoints(random)),
    },
    {
      name: 'files that move',
      share: 0.04,
      disk: 'small',
      level,
      limits: LONG,
      workloads: (random) => endless(() => moves(random)),
    },
    {
      name: 'space freed and taken again',
      share: 0.03,
      disk: 'large',
      level,
      limits: HEAVY,
      workloads: (random) => endless(() => reuse(random)),
    },
    {
      name: 'enough is freed to be cleaned',
      share: 0.02,
      disk: 'small',
      level,
      limits: HEAVY,
      workloads: (random) => endless(() => freedAndGrown(random)),
    },
    {
      name: 'files that shrink and grow',
      share: 0.02,
      disk: 'small',
      level,
      limits: SHORT,
      workloads: (random) => endless(() => shrunkAndGrown(random)),
    },
    {
      name: 'crashes while reopening',
      share: 0.06,
      disk: 'small',
      level,
      limits: AGAIN,
      workloads: (random) => endless(() => aceAtRandom(random)),
    },
    {
      name: 'files replaced by rename',
      share: 0.03,
      disk: 'small',
      level,
      limits: SHORT,
      workloads: (random) => endless(() => replaced(random)),
    },
    {
      name: 'more large files than spares',
      share: 0.02,
      disk: 'small',
      level,
      limits: HEAVY,
      workloads: (random) => endless(() => largeFiles(random)),
    },
    {
      name: 'a new store',
      share: 0.03,
      disk: 'empty',
      level,
      limits: LONG,
      workloads: (random) => endless(() => firstLoad(random)),
    },
  ]),
  {
    name: 'a log in a pool file of its own',
    share: 0.05,
    disk: 'large',
    level: 'relaxed',
    limits: HEAVY,
    workloads: (random) => endless(() => writeAhead(random, '/wal', '/t')),
  },
  {
    name: 'a log in the pack',
    share: 0.06,
    disk: 'small',
    level: 'relaxed',
    limits: LONG,
    workloads: (random) => endless(() => writeAhead(random, '/a', '/d/c')),
  },
]

async function tryFamily(family: Family, seed: number): Promise<Explorer> {
  const { share, disk, level, limits } = family
  const random = new SeededRandom(seed)
  const explorer = new Explorer(seed, (random) => mixed(random, 3 + random.below(6)))
  const wanted = Math.ceil(STATES * share)
  const workloads = family.workloads(random)
  while (explorer.states.size < wanted) {
    const { value: workload, done } = workloads.next()
    if (done === true) break
    const cacheBytes = random.pick([0, 600_000, 16_777_216])
    await explorer.explore(disk, { level, cacheBytes }, workload, limits)
  }
  return explorer
}

describe('opfs-ahp after a crash', () => {
  beforeEach(() => simulateWorld(SEED, START))
  afterEach(() => restoreWorld())

  if (REPLAY !== undefined) {
    it('replays', async () => {
      const scenario = JSON.parse(readFileSync(REPLAY, 'utf8')) as Scenario
      await expect(new Explorer(SEED, () => []).replay(scenario)).resolves.toBeUndefined()
    })
    return
  }

  it.each(FAMILIES)(
    'holds its promise: $name ($level)',
    { timeout: 30_000 + STATES * 20 },
    async (family) => {
      const { states, trials } = await tryFamily(family, SEED)
      console.log(
        `${states.size} crash states, ${trials} openings: ${family.name} (${family.level})`,
      )
      expect(states.size).toBeGreaterThan(0)
    },
  )
})
