// The workloads whose calls are failed, for any backend: short and long, small files and large, strict and relaxed,
// with hardly any space, with time to be idle, closed and opened again.

import { SeededRandom } from '../simulated-opfs/index.ts'
import type { DiskName } from './disks.ts'
import { FaultOracle } from './faults.ts'
import type { Workload } from './operations.ts'
import type { CrashTarget, StoreOptions } from './target.ts'
import {
  aceAtRandom,
  atomicFirstLoad,
  attributes,
  checkpoints,
  committedByNames,
  firstLoad,
  largeFiles,
  mixed,
  moves,
  neverSynced,
  reopened,
  shortOfSpace,
} from './workloads.ts'
import type { SimulatedWorld } from './world.ts'

export interface FaultPlan {
  readonly name: string
  readonly disk: DiskName
  readonly level: StoreOptions['level']
  /** Of the number of workloads that is asked for. */
  readonly share: number
  readonly options?: (random: SeededRandom) => Partial<StoreOptions>
  make(random: SeededRandom): Workload
}

export const FAULT_PLANS: readonly FaultPlan[] = (['strict', 'relaxed'] as const).flatMap(
  (level): readonly FaultPlan[] => [
    { name: 'short', disk: 'small', level, share: 1, make: aceAtRandom },
    { name: 'long', disk: 'small', level, share: 0.4, make: (random) => mixed(random, 20) },
    { name: 'moves', disk: 'small', level, share: 0.2, make: moves },
    { name: 'large files', disk: 'small', level, share: 0.1, make: largeFiles },
    { name: 'first load', disk: 'empty', level, share: 0.1, make: firstLoad },
    { name: 'atomic first load', disk: 'empty', level, share: 0.1, make: atomicFirstLoad },
    { name: 'checkpoints', disk: 'small', level, share: 0.1, make: checkpoints },
    { name: 'commits by names', disk: 'small', level, share: 0.3, make: committedByNames },
    { name: 'never synced', disk: 'small', level, share: 0.2, make: neverSynced },
    { name: 'closed and opened again', disk: 'small', level, share: 0.2, make: reopened },
    { name: 'modes and times', disk: 'small', level, share: 0.2, make: attributes },
    {
      name: 'scarce space',
      disk: 'small',
      level,
      share: 0.2,
      options: (random) => ({ space: random.pick([60_000, 400_000]) }),
      make: shortOfSpace,
    },
  ],
)

/** Fails every call of a plan's share of so many workloads. Throws FaultFailure; returns how many were failed. */
export async function failPlan(
  target: CrashTarget,
  world: SimulatedWorld,
  plan: FaultPlan,
  { workloads, seed }: { readonly workloads: number; readonly seed: number },
): Promise<number> {
  const random = new SeededRandom(seed)
  const oracle = new FaultOracle(target, world)
  for (let left = Math.ceil(workloads * plan.share); left > 0; left--) {
    const options: StoreOptions = {
      level: plan.level,
      cacheBytes: random.pick([0, 16_777_216]),
      ...plan.options?.(random),
    }
    const workload = plan.make(random)
    await oracle.failEach({ disk: plan.disk, options, workload, seed: random.next() })
  }
  return oracle.injections
}
