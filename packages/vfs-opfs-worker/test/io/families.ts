// What the store is explored with: workloads, their share of the states, and what a crash takes. Used by
// crash.test.ts and, for as long as one likes, by `pnpm soak --crash-states`.

import {
  aceAtRandom,
  checkpoints,
  firstLoad,
  mixed,
  replaced,
  SMALL_TREE,
  TWO_FOLDERS,
  writeAhead,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import type { StoreLimits } from '../../src/io/store.ts'
import { Explorer, type Exploration, type Limits } from './crash.ts'
import { WINDOW_MS } from './judge.ts'
import { cuts, directories, outgrown, swaps } from './workloads.ts'

const LIMITS: Limits = { points: 40, exhaustiveMax: 12, samples: 8 }
const FEW: Limits = { points: 25, exhaustiveMax: 6, samples: 6 }
// Few states of each, so that more workloads are tried.
const HEAVY: Limits = { points: 8, exhaustiveMax: 4, samples: 4 }

/** Of a session that follows a crash. */
const FOLLOW_OPERATIONS = 8

export interface Family {
  readonly name: string
  readonly share: number
  readonly foundation?: Workload
  readonly limits: Limits
  readonly sizes?: Partial<StoreLimits>
  /** There is hardly any space. */
  readonly scarce?: boolean
  workload(random: SeededRandom): Workload
}

export const FAMILIES: readonly Family[] = [
  {
    name: 'operations and syncs over two directories',
    share: 0.2,
    foundation: TWO_FOLDERS,
    limits: LIMITS,
    workload: aceAtRandom,
  },
  {
    name: 'sequences of everything',
    share: 0.15,
    foundation: SMALL_TREE,
    limits: FEW,
    workload: (random) => mixed(random, 12 + random.below(16)),
  },
  {
    name: 'swaps and chains of names',
    share: 0.2,
    foundation: SMALL_TREE,
    limits: LIMITS,
    workload: swaps,
  },
  {
    name: 'directories that move',
    share: 0.15,
    foundation: SMALL_TREE,
    limits: LIMITS,
    workload: directories,
  },
  {
    name: 'files replaced by rename',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: LIMITS,
    workload: replaced,
  },
  {
    name: 'large files replaced by rename',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: LIMITS,
    sizes: { smallMax: 3000 },
    workload: replaced,
  },
  {
    name: 'a log and its table',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: FEW,
    workload: (random) => writeAhead(random, '/a', '/d/c'),
  },
  {
    name: 'a large log and its table',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: FEW,
    sizes: { smallMax: 3000 },
    workload: (random) => writeAhead(random, '/a', '/d/c'),
  },
  {
    name: 'files cut and grown',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: FEW,
    workload: cuts,
  },
  {
    name: 'files that become too large for the journal',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: FEW,
    sizes: { smallMax: 9000 },
    workload: (random) => [...cuts(random), ...mixed(random, 6)],
  },
  {
    name: 'new files that outgrow the journal, or memory',
    share: 0.15,
    foundation: SMALL_TREE,
    limits: FEW,
    sizes: { smallMax: 9000, residentMax: 9000 },
    workload: outgrown,
  },
  {
    name: 'large files that grow where space is scarce',
    share: 0.1,
    foundation: SMALL_TREE,
    limits: FEW,
    sizes: { smallMax: 3000 },
    scarce: true,
    workload: (random) => [...cuts(random), ...mixed(random, 6)],
  },
  {
    name: 'checkpoints of the log',
    share: 0.03,
    foundation: SMALL_TREE,
    limits: HEAVY,
    workload: checkpoints,
  },
  { name: 'a first load', share: 0.05, limits: LIMITS, workload: firstLoad },
  {
    name: 'a first load beyond what memory takes',
    share: 0.05,
    limits: LIMITS,
    sizes: { residentMax: 30_000 },
    workload: firstLoad,
  },
]

export interface Loss {
  readonly name: string
  /** Of all states. */
  readonly share: number
  readonly exploration: Pick<Exploration, 'options' | 'names'>
}

/** What is promised of a crash, and what a crash takes. */
export const LOSSES: readonly Loss[] = [
  {
    name: 'a crash leaves what strict promises',
    share: 0.4,
    exploration: { options: { durability: 'strict', windowMs: WINDOW_MS }, names: 'settled' },
  },
  {
    name: 'a crash leaves what relaxed promises',
    share: 0.4,
    exploration: { options: { durability: 'relaxed', windowMs: WINDOW_MS }, names: 'settled' },
  },
  {
    name: 'a power cut that takes names is reported, or harmless',
    share: 0.2,
    exploration: { options: { windowMs: WINDOW_MS }, names: 'young' },
  },
]

/** A part of a workload. */
function some(workload: Workload, random: SeededRandom): Workload {
  const from = random.below(workload.length)
  return workload.slice(from, from + FOLLOW_OPERATIONS)
}

/** So many states of all; the clock must stand still. Throws CrashFailure. */
export async function exploreFamily(
  family: Family,
  { share, exploration }: Loss,
  states: number,
  seed: number,
): Promise<Explorer> {
  const explorer = new Explorer(seed)
  const random = new SeededRandom(seed)
  const { limits, sizes, scarce, foundation } = family
  const wanted = states * family.share * share
  for (let round = 0; explorer.states.size < wanted && round < wanted; round++) {
    await explorer.explore(family.workload(random), {
      ...exploration,
      limits,
      followUp: (chance) => some(family.workload(chance), chance),
      ...(sizes && { sizes }),
      ...(scarce && { scarce }),
      ...(foundation && { foundation }),
    })
  }
  return explorer
}
