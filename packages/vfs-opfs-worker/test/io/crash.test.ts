// Crash enumeration of the store. CRASH_STATES=100000 tries more states, CRASH_SEED=7 others.

import {
  aceAtRandom,
  firstLoad,
  mixed,
  replaced,
  writeAhead,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Explorer, type Exploration, type Limits } from './crash.ts'
import { WINDOW_MS } from './judge.ts'
import type { StoreLimits } from '../../src/io/store.ts'
import { cuts, directories, swaps } from './workloads.ts'

const STATES = Number(process.env['CRASH_STATES'] ?? 2000)
const SEED = Number(process.env['CRASH_SEED'] ?? 1)

const FOUNDATION: Workload = [
  ['create', '/a'],
  ['write', '/a', 0, 6000],
  ['create', '/b'],
  ['write', '/b', 0, 1536],
  ['mkdir', '/d'],
  ['create', '/d/c'],
  ['write', '/d/c', 0, 20_000],
]

const FOLDERS: Workload = [
  ['mkdir', '/A'],
  ['mkdir', '/B'],
  ['create', '/A/foo'],
  ['write', '/A/foo', 0, 5000],
  ['create', '/B/bar'],
  ['write', '/B/bar', 0, 2000],
]

const LIMITS: Limits = { points: 40, exhaustiveMax: 12, samples: 8 }
const FEW: Limits = { points: 25, exhaustiveMax: 6, samples: 6 }

interface Family {
  readonly name: string
  readonly share: number
  readonly foundation?: Workload
  readonly limits: Limits
  readonly sizes?: Partial<StoreLimits>
  workload(random: SeededRandom): Workload
}

const FAMILIES: readonly Family[] = [
  {
    name: 'operations and syncs over two directories',
    share: 0.2,
    foundation: FOLDERS,
    limits: LIMITS,
    workload: aceAtRandom,
  },
  {
    name: 'sequences of everything',
    share: 0.15,
    foundation: FOUNDATION,
    limits: FEW,
    workload: (random) => mixed(random, 12 + random.below(16)),
  },
  {
    name: 'swaps and chains of names',
    share: 0.2,
    foundation: FOUNDATION,
    limits: LIMITS,
    workload: swaps,
  },
  {
    name: 'directories that move',
    share: 0.15,
    foundation: FOUNDATION,
    limits: LIMITS,
    workload: directories,
  },
  {
    name: 'files replaced by rename',
    share: 0.1,
    foundation: FOUNDATION,
    limits: LIMITS,
    workload: replaced,
  },
  {
    name: 'a log and its table',
    share: 0.1,
    foundation: FOUNDATION,
    limits: FEW,
    workload: (random) => writeAhead(random, '/a', '/d/c'),
  },
  {
    name: 'files cut and grown',
    share: 0.1,
    foundation: FOUNDATION,
    limits: FEW,
    workload: cuts,
  },
  {
    name: 'files that become too large for the journal',
    share: 0.1,
    foundation: FOUNDATION,
    limits: FEW,
    sizes: { smallMax: 9000 },
    workload: (random) => [...cuts(random), ...mixed(random, 6)],
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

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Returns how many states were opened. Throws CrashFailure. */
async function exploreFamily(
  family: Family,
  seed: number,
  share: number,
  exploration: Pick<Exploration, 'options' | 'names'>,
): Promise<number> {
  const explorer = new Explorer(seed)
  const random = new SeededRandom(seed)
  const { limits, sizes, foundation } = family
  const wanted = STATES * family.share * share
  for (let round = 0; explorer.states.size < wanted && round < wanted; round++) {
    await explorer.explore(family.workload(random), {
      ...exploration,
      limits,
      ...(sizes && { sizes }),
      ...(foundation && { foundation }),
    })
  }
  return explorer.trials
}

const TIMEOUT_MS = 600_000

describe.each(['strict', 'relaxed'] as const)('a crash leaves what %s promises', (durability) => {
  it.each(FAMILIES)('$name', { timeout: TIMEOUT_MS }, async (family) => {
    const options = { durability, windowMs: WINDOW_MS }
    const trials = await exploreFamily(family, SEED, 0.4, { options, names: 'settled' })
    expect(trials).toBeGreaterThan(0)
  })
})

describe('a power cut that takes names is reported, or harmless', () => {
  it.each(FAMILIES)('$name', { timeout: TIMEOUT_MS }, async (family) => {
    const options = { windowMs: WINDOW_MS }
    const trials = await exploreFamily(family, SEED + 1, 0.2, { options, names: 'young' })
    expect(trials).toBeGreaterThan(0)
  })
})
