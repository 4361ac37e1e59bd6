// A way to one crash state, as plain data: what was done in each session and where it was cut off. It can
// be written down as JSON, gone again and made shorter.

import type { DiskName } from './disks.ts'
import type { Crash } from './judge.ts'
import { describeOperation, type Workload } from './operations.ts'
import type { StoreOptions } from './target.ts'

/** Which option of each choice a power cut took, as the difference from all oldest or all newest. */
export interface SelectionRecord {
  readonly rest: 'oldest' | 'newest'
  readonly except: readonly (readonly [choice: number, option: number])[]
}

/** A crash: after which point of the session, of what kind, and what a power cut left. */
export interface CrashChoice {
  readonly point: number
  readonly crash: Crash
  readonly selection?: SelectionRecord
}

export interface Step {
  readonly workload: Workload
  readonly crash?: CrashChoice
}

/** Everything needed to arrive at one crash state again. */
export interface Scenario {
  readonly disk: DiskName
  readonly options: StoreOptions
  readonly seed: number
  /** One for each session; each but a last one ends in a crash. */
  readonly steps: readonly Step[]
}

/** A crash that broke the promise. */
export class CrashFailure extends Error {
  readonly scenario: Scenario
  readonly problems: readonly string[]

  constructor(scenario: Scenario, problems: readonly string[], cause?: unknown) {
    super(`${problems.join('\n')}\n${describeScenario(scenario)}`, { cause })
    this.scenario = scenario
    this.problems = problems
  }
}

export function describeScenario({ disk, options, seed, steps }: Scenario): string {
  const sessions = steps.map(({ workload, crash }) => {
    const operations = workload.map((each) => describeOperation(each)).join('; ') || 'nothing more'
    return `  ${operations}\n${crash === undefined ? '' : `  ${describeCrash(crash)}\n`}`
  })
  return `${disk} disk, ${describeOptions(options)}, seed ${seed}:\n` + sessions.join('')
}

export function describeOptions(options: StoreOptions): string {
  const { level, cacheBytes, maxHandles, space, namesSettleAtOnce, variant } = options
  const parts = [level, `cache of ${cacheBytes} bytes`]
  if (maxHandles !== undefined) parts.push(`${maxHandles} handles`)
  if (space !== undefined) parts.push(`${space} bytes of space`)
  if (namesSettleAtOnce === true) parts.push('names settle at once')
  if (variant !== undefined) parts.push(variant)
  return parts.join(', ')
}

function describeCrash({ crash, point, selection }: CrashChoice): string {
  if (selection === undefined) return `${crash} after point ${point}`
  const { rest, except } = selection
  const others = except.map(([choice, option]) => `${choice}: ${option}`).join(', ')
  return `${crash} after point ${point}: the ${rest}${others && `, but ${others}`}`
}

/** The shorter of the two ways to write a selection down. `counts` says how many options there are. */
export function recordSelection(
  selection: readonly number[],
  counts: readonly number[],
): SelectionRecord {
  const differing = (base: (choice: number) => number): (readonly [number, number])[] =>
    [...selection.entries()].filter(([choice, option]) => option !== base(choice))
  const fromOldest = differing(() => 0)
  const fromNewest = differing((choice) => counts[choice]! - 1)
  return fromOldest.length <= fromNewest.length
    ? { rest: 'oldest', except: fromOldest }
    : { rest: 'newest', except: fromNewest }
}

/** The options a record stands for; undefined if it does not fit these choices. */
export function selectionOf(
  { rest, except }: SelectionRecord,
  counts: readonly number[],
): number[] | undefined {
  const selection = counts.map((count) => (rest === 'oldest' ? 0 : count - 1))
  for (const [choice, option] of except) {
    if (option >= (counts[choice] ?? 0)) return undefined
    selection[choice] = option
  }
  return selection
}
