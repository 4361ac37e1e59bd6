// The families of workloads that a backend is explored with: which disk, which level, how much of each.
// A run takes as many crash states of a family as its share says, so a longer run tries more workloads.

import { SeededRandom } from '../simulated-opfs/index.ts'
import { aceUpToThree } from './ace.ts'
import type { DiskName } from './disks.ts'
import { Explorer, type FollowUp, type Limits } from './explore.ts'
import type { Kind } from './kinds.ts'
import type { Workload } from './operations.ts'
import type { CrashTarget, StoreOptions } from './target.ts'
import type { SimulatedWorld } from './world.ts'
import {
  aceAtRandom,
  aceInOrder,
  atomicFirstLoad,
  attributes,
  checkpoints,
  clockJumps,
  committedByNames,
  cutAndClosed,
  firstLoad,
  freedAndGrown,
  growingStore,
  largeFiles,
  lowered,
  mixed,
  moves,
  neverSynced,
  reopened,
  replaced,
  reuse,
  shortOfSpace,
  shrunkAndGrown,
  writeAhead,
} from './workloads.ts'

export interface Family {
  readonly name: string
  /** Of all states. */
  readonly share: number
  readonly disk: DiskName
  readonly level: StoreOptions['level']
  readonly limits: Limits
  readonly followUp: FollowUp
  /** Besides level, cache and handles. */
  readonly options?: (random: SeededRandom) => Partial<StoreOptions>
  workloads(random: SeededRandom): Iterator<Workload>
}

export interface FamilyResult {
  /** Distinct crash states, and how many openings that took. */
  readonly states: ReadonlySet<string>
  readonly trials: number
  /** How many of the states are of each kind. */
  readonly kinds: ReadonlyMap<Kind, number>
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
const HEAVY: Limits = { points: 6, exhaustiveMax: 4, samples: 4, followOneIn: 20, followPoints: 4 }
// Few states of each session, many crashes of the one that follows, its opening included.
const AGAIN: Limits = { points: 6, exhaustiveMax: 4, samples: 4, followOneIn: 3, followPoints: 25 }
const CACHES = [0, 600_000, 16_777_216] as const
/** Bytes that are left where space is scarce. */
const SPACES = [4000, 60_000, 400_000, 1_500_000] as const
/** One workload in so many has no more handles than the minimum. */
const FEW_HANDLES_ONE_IN = 4

const anything: FollowUp = (random) => {
  const workload = mixed(random, 3 + random.below(6))
  return random.chance(0.25) ? [...workload, ['close']] : workload
}

function* endless<Item>(make: () => Item): Generator<Item> {
  for (;;) yield make()
}

interface Pattern extends Pick<Family, 'name' | 'share' | 'limits' | 'options'> {
  readonly disk?: DiskName
  readonly followUp?: FollowUp
  make(random: SeededRandom): Workload
}

/** Tried at both levels. */
const PATTERNS: readonly Pattern[] = [
  { name: 'short sequences with syncs between', share: 0.08, limits: SHORT, make: aceAtRandom },
  {
    name: 'longer sequences of everything',
    share: 0.08,
    limits: LONG,
    make: (random) => mixed(random, 15 + random.below(25)),
  },
  { name: 'checkpoints of the state log', share: 0.03, limits: HEAVY, make: checkpoints },
  { name: 'files that move', share: 0.04, limits: LONG, make: moves },
  { name: 'space freed and taken again', share: 0.03, disk: 'large', limits: HEAVY, make: reuse },
  {
    name: 'enough is freed to be cleaned',
    share: 0.02,
    disk: 'heavy',
    limits: { ...HEAVY, points: 12 },
    make: freedAndGrown,
  },
  { name: 'files that shrink and grow', share: 0.02, limits: SHORT, make: shrunkAndGrown },
  { name: 'crashes while reopening', share: 0.05, limits: AGAIN, make: aceAtRandom },
  {
    name: 'crashes while closing after a crash',
    share: 0.02,
    limits: AGAIN,
    make: aceAtRandom,
    followUp: cutAndClosed,
  },
  { name: 'files replaced by rename', share: 0.03, limits: SHORT, make: replaced },
  { name: 'more large files than spares', share: 0.02, limits: HEAVY, make: largeFiles },
  { name: 'a new store', share: 0.02, disk: 'empty', limits: LONG, make: firstLoad },
  {
    name: 'a new store that is to be loaded at once or not at all',
    share: 0.02,
    disk: 'empty',
    limits: LONG,
    make: atomicFirstLoad,
  },
  {
    name: 'commits by rename, unlink and truncate',
    share: 0.05,
    limits: SHORT,
    make: committedByNames,
  },
  { name: 'nothing is ever synced', share: 0.03, limits: LONG, make: neverSynced },
  { name: 'closed and opened again', share: 0.05, limits: LONG, make: reopened },
  { name: 'the clock is set', share: 0.02, limits: LONG, make: clockJumps },
  {
    name: 'a new store that grows',
    share: 0.01,
    disk: 'empty',
    limits: HEAVY, // Of each file one, or most of them would share.
    options: () => ({ maxHandles: 80 }),
    make: growingStore,
  },
  {
    name: 'scarce space',
    share: 0.04,
    limits: LONG,
    options: (random) => ({ space: random.pick(SPACES) }),
    make: shortOfSpace,
  },
  { name: 'modes, times and targets', share: 0.02, limits: SHORT, make: attributes },
]

export const FAMILIES: readonly Family[] = [
  {
    name: 'each operation and sync, and pairs',
    share: 0.1,
    disk: 'small',
    level: 'strict',
    limits: SHORT,
    followUp: anything,
    workloads: () => aceInOrder(),
  },
  ...(['strict', 'relaxed'] as const).map((level): Family => ({
    name: 'every sequence of up to three operations, in a random order',
    share: 0.05,
    disk: 'folders',
    level,
    limits: SHORT,
    followUp: anything,
    workloads: aceUpToThree,
  })),
  ...(['strict', 'relaxed'] as const).flatMap((level) =>
    PATTERNS.map((pattern): Family => {
      const { make, disk = 'small', followUp = anything, ...rest } = pattern
      const workloads = (random: SeededRandom): Iterator<Workload> => endless(() => make(random))
      return { ...rest, disk, level, followUp, workloads }
    }),
  ),
  {
    name: 'a log in a pool file of its own',
    share: 0.05,
    disk: 'large',
    level: 'relaxed',
    limits: HEAVY,
    followUp: anything,
    workloads: (random) => endless(() => writeAhead(random, '/wal', '/t')),
  },
  {
    name: 'a log in the pack',
    share: 0.05,
    disk: 'small',
    level: 'relaxed',
    limits: LONG,
    followUp: anything,
    workloads: (random) => endless(() => writeAhead(random, '/a', '/d/c')),
  },
  {
    name: 'lowered to relaxed while open',
    share: 0.03,
    disk: 'small',
    level: 'strict',
    limits: LONG,
    followUp: anything,
    workloads: (random) => endless(() => lowered(random)),
  },
]

/** Explores a family until its share of `states` has been seen. Throws CrashFailure. */
export async function exploreFamily(
  target: CrashTarget,
  world: SimulatedWorld,
  family: Family,
  { states, seed }: { readonly states: number; readonly seed: number },
): Promise<FamilyResult> {
  const { share, disk, level, limits, followUp } = family
  const random = new SeededRandom(seed)
  const explorer = new Explorer(target, world, seed, followUp)
  const wanted = Math.ceil(states * share)
  const workloads = family.workloads(random)
  while (explorer.states.size < wanted) {
    const { value: workload, done } = workloads.next()
    if (done === true) break
    const options: StoreOptions = {
      level,
      cacheBytes: random.pick(CACHES),
      ...(random.chance(1 / FEW_HANDLES_ONE_IN) && { maxHandles: target.handlesMin }),
      ...family.options?.(random),
    }
    await explorer.explore(disk, options, workload, limits)
  }
  return explorer
}
