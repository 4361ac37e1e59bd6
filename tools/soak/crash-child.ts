// A process that explores crash states, one family of workloads at a time, for `pnpm soak`.

import {
  FAMILIES,
  exploreFamily,
  SimulatedWorld,
  START,
} from '../../packages/vfs-core/src/testing/crash/index.ts'
import type { CrashTarget } from '../../packages/vfs-core/src/testing/crash/index.ts'
import { RecordedFailure, withRecord } from './failures.ts'

export interface CrashTask {
  readonly backend: string
  readonly family: number
  readonly states: number
  readonly seed: number
}

export type CrashReport =
  | { readonly states: readonly string[]; readonly openings: number }
  | { readonly failure: string }

/** Where a backend's tests say how it is opened. */
export function targetFile(backend: string): string {
  return `../../packages/vfs-${backend}/test/crash/target.ts`
}

async function explore({ backend, family, states, seed }: CrashTask): Promise<CrashReport> {
  const { target } = (await import(targetFile(backend))) as { target: CrashTarget }
  const world = new SimulatedWorld(seed, START)
  world.enter()
  try {
    const found = await withRecord(target, world, () =>
      exploreFamily(target, world, FAMILIES[family]!, { states, seed }),
    )
    return { states: [...found.states], openings: found.trials }
  } catch (error) {
    if (error instanceof RecordedFailure) return { failure: error.message }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  } finally {
    world.leave()
  }
}

process.on('message', (task: CrashTask) => {
  void explore(task).then((report) => process.send!(report))
})
