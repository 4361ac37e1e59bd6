// What opfs-worker is explored with: workloads of the core and of its own (workloads.ts), the limits and the
// handles under which they run, and what a power cut takes of names. Used by crash.test.ts and, for as long as
// one likes, by `pnpm soak --crash-states`.

import {
  aceAtRandom,
  atomicFirstLoad,
  attributes,
  checkpoints,
  clockJumps,
  committedByNames,
  cutAndClosed,
  firstLoad,
  growingStore,
  largeFiles,
  lowered,
  mixed,
  neverSynced,
  reopened,
  replaced,
  reuse,
  shortOfSpace,
  shrunkAndGrown,
  writeAhead,
  type DiskName,
  type Family,
  type FollowUp,
  type Limits,
  type StoreOptions,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import type { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { fewestHandles } from './port.ts'
import type { Variant } from './target.ts'
import { cuts, directories, interrupted, outgrown, removals, swaps } from './workloads.ts'

const MANY: Limits = {
  points: 25,
  exhaustiveMax: 12,
  samples: 8,
  followOneIn: 12,
  followPoints: 6,
}
const FEW: Limits = { points: 16, exhaustiveMax: 6, samples: 6, followOneIn: 12, followPoints: 6 }
// Few states of each, so that more workloads are tried.
const HEAVY: Limits = { points: 8, exhaustiveMax: 4, samples: 4, followOneIn: 20, followPoints: 4 }
// Few states of each session, many crashes of the one that follows, its opening and its close included.
const AGAIN: Limits = { points: 6, exhaustiveMax: 4, samples: 4, followOneIn: 3, followPoints: 25 }

/** Bytes at which each growth is asked for, and at which there soon are none left. */
const SCARCE = 8 * 1024 * 1024
const HARDLY_ANY = 3.7 * 1024 * 1024

interface Plan {
  readonly name: string
  readonly share: number
  readonly disk?: DiskName
  readonly limits: Limits
  readonly variant?: Variant
  readonly options?: Pick<StoreOptions, 'maxHandles' | 'space'>
  readonly followUp?: FollowUp
  make(random: SeededRandom): Workload
}

const anything: FollowUp = (random) => {
  const workload = mixed(random, 3 + random.below(6))
  return random.chance(0.4) ? [...workload, ['close']] : workload
}

const minimum = { maxHandles: fewestHandles() }

const PLANS: readonly Plan[] = [
  { name: 'operations and syncs', share: 0.12, disk: 'folders', limits: MANY, make: aceAtRandom },
  {
    name: 'sequences of everything',
    share: 0.12,
    limits: FEW,
    make: (random) => mixed(random, 12 + random.below(16)),
  },
  { name: 'swaps and chains of names', share: 0.1, limits: MANY, make: swaps },
  { name: 'directories that move', share: 0.08, limits: MANY, make: directories },
  { name: 'files removed', share: 0.06, limits: FEW, make: removals },
  { name: 'modes, times and targets', share: 0.03, limits: FEW, make: attributes },
  {
    name: 'commits by rename, unlink and truncate',
    share: 0.06,
    limits: FEW,
    make: committedByNames,
  },
  { name: 'nothing is ever synced', share: 0.03, limits: FEW, make: neverSynced },
  { name: 'closed and opened again', share: 0.06, limits: FEW, make: reopened },
  { name: 'the clock is set', share: 0.03, limits: FEW, make: clockJumps },
  { name: 'files replaced by rename', share: 0.06, limits: MANY, make: replaced },
  {
    name: 'large files replaced by rename',
    share: 0.05,
    limits: MANY,
    variant: 'large files',
    make: replaced,
  },
  {
    name: 'a log and its table',
    share: 0.06,
    limits: FEW,
    make: (random) => writeAhead(random, '/a', '/d/c'),
  },
  {
    name: 'a large log and its table',
    share: 0.06,
    limits: FEW,
    variant: 'large files',
    make: (random) => writeAhead(random, '/a', '/d/c'),
  },
  {
    name: 'a log of 1 MiB and its table',
    share: 0.03,
    disk: 'large',
    limits: HEAVY,
    make: (random) => writeAhead(random, '/wal', '/t'),
  },
  { name: 'files cut and grown', share: 0.05, limits: FEW, make: cuts },
  { name: 'files that shrink and grow', share: 0.03, limits: MANY, make: shrunkAndGrown },
  {
    name: 'files that become large',
    share: 0.05,
    limits: FEW,
    variant: 'files that become large',
    make: (random) => [...cuts(random), ...mixed(random, 6)],
  },
  {
    name: 'new files that outgrow the journal, or memory',
    share: 0.07,
    limits: FEW,
    variant: 'files that outgrow memory',
    make: outgrown,
  },
  {
    name: 'a journal that is soon full',
    share: 0.05,
    limits: FEW,
    variant: 'short journal',
    make: (random) => [...mixed(random, 10), ...writeAhead(random, '/b', '/d/c')],
  },
  {
    name: 'large files where space is scarce',
    share: 0.05,
    limits: FEW,
    variant: 'large files',
    options: { space: SCARCE },
    make: (random) => [...cuts(random), ...mixed(random, 6)],
  },
  {
    name: 'hardly any space',
    share: 0.05,
    limits: FEW,
    options: { space: HARDLY_ANY },
    make: (random) => [...shortOfSpace(random), ...largeFiles(random).slice(0, 6)],
  },
  {
    name: 'as few handles as may be',
    share: 0.06,
    limits: FEW,
    options: minimum,
    make: (random) => [...mixed(random, 8), ...swaps(random)],
  },
  {
    name: 'large files and as few handles as may be',
    share: 0.05,
    limits: FEW,
    variant: 'large files',
    options: minimum,
    make: (random) => [...mixed(random, 12), ...cuts(random)],
  },
  { name: 'large files come and go', share: 0.03, limits: HEAVY, make: largeFiles },
  { name: 'space freed and taken again', share: 0.03, disk: 'large', limits: HEAVY, make: reuse },
  { name: 'checkpoints of the log', share: 0.02, limits: HEAVY, make: checkpoints },
  {
    name: 'crashes while opening and closing',
    share: 0.06,
    limits: AGAIN,
    make: aceAtRandom,
    followUp: cutAndClosed,
  },
  { name: 'a first load', share: 0.04, disk: 'empty', limits: MANY, make: firstLoad },
  {
    name: 'a first load beyond what memory takes',
    share: 0.03,
    disk: 'empty',
    limits: MANY,
    variant: 'little memory',
    make: firstLoad,
  },
  {
    name: 'a load at once or not at all',
    share: 0.03,
    disk: 'empty',
    limits: FEW,
    make: atomicFirstLoad,
  },
  { name: 'a new store that grows', share: 0.02, disk: 'empty', limits: HEAVY, make: growingStore },
  { name: 'lowered to relaxed', share: 0.03, limits: FEW, make: lowered },
]

/** A power cut takes names of one workload in so many; then what is missing has to be said. */
const NAMES_LOST_ONE_IN = 3

export const FAMILIES: readonly Family[] = (['strict', 'relaxed'] as const).flatMap((level) =>
  PLANS.map(({ name, share, disk = 'small', limits, followUp = anything, ...plan }): Family => {
    const { variant, options, make } = plan
    return {
      name,
      share: share / 2,
      disk,
      level,
      options: (random) => ({
        namesSettleAtOnce: !random.chance(1 / NAMES_LOST_ONE_IN),
        variant,
        ...options,
      }),
      limits,
      followUp,
      *workloads(random) {
        for (;;) yield interrupted(make(random), random)
      },
    }
  }),
)
