// A process that explores crash states, one family of workloads at a time, for `pnpm soak`.

import { RecordedFailure } from './failures.ts'

/** What a backend's tests export for this, from the file that `explorationFile` names. */
export interface CrashExploration {
  /** How many there are. */
  readonly families: number
  /** Tries its share of so many states of one of them; throws where a crash broke the promise. */
  explore(
    family: number,
    budget: { readonly states: number; readonly seed: number },
  ): Promise<{
    readonly states: ReadonlySet<string>
    readonly trials: number
    /** How many of the states are of each kind of work. */
    readonly kinds?: ReadonlyMap<string, number>
  }>
}

export interface CrashTask {
  readonly backend: string
  readonly family: number
  readonly states: number
  readonly seed: number
}

export type CrashReport =
  | {
      readonly states: readonly string[]
      readonly openings: number
      readonly kinds: Readonly<Record<string, number>>
    }
  | { readonly failure: string }

export function explorationFile(backend: string): string {
  return `../../packages/vfs-${backend}/test/crash-exploration.ts`
}

export async function explorationOf(backend: string): Promise<CrashExploration> {
  const file = explorationFile(backend)
  return ((await import(file)) as { exploration: CrashExploration }).exploration
}

async function explore({ backend, family, ...budget }: CrashTask): Promise<CrashReport> {
  try {
    const { states, trials, kinds } = await (await explorationOf(backend)).explore(family, budget)
    return { states: [...states], openings: trials, kinds: Object.fromEntries(kinds ?? []) }
  } catch (error) {
    if (error instanceof RecordedFailure) return { failure: error.message }
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

process.on('message', (task: CrashTask) => {
  void explore(task).then((report) => process.send!(report))
})
