// Two runs held against each other, cell by cell: by how much the second is slower or faster, and whether
// that can be told from noise. Called by cli.ts, rendered by render.ts.

import type { BenchDocument, BenchResult, Environment } from '../schema.ts'
import { geometricMean } from '../statistics.ts'
import { estimate, ratioOf, type Estimate } from '../interval.ts'

/**
 * `same`: the intervals of the two medians overlap, so these runs cannot tell them apart. `unknown`: one
 * of them has too few samples for an interval.
 */
export type Change = 'slower' | 'faster' | 'same' | 'unknown'

/** With fewer, no order statistics enclose the median with much confidence. */
export const SAMPLES_MIN = 5

export interface ComparedCell {
  readonly workload: string
  readonly backend: string
  readonly durability: string
  readonly unit: string
  readonly before: Estimate
  readonly after: Estimate
  /** Of the second to the first, above 1 if it is slower. */
  readonly ratio: Estimate
  readonly change: Change
}

export interface Comparison {
  readonly cells: readonly ComparedCell[]
  /** Cells that only one of the runs has figures for: `workload backend durability`. */
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
  /**
   * The geometric mean of the ratios, per column and of all cells but the unknown. Its interval is that of noise which
   * moves all cells alike, as another load on the machine does: wider than if they erred independently.
   */
  readonly columns: readonly { readonly column: string; readonly ratio: Estimate }[]
  readonly overall: Estimate | undefined
  /** Why the ratios may say more about machines than about builds; empty if nothing differs. */
  readonly differences: readonly string[]
}

export function compare(before: BenchDocument, after: BenchDocument): Comparison {
  const earlier = new Map(before.results.filter(isMeasured).map((cell) => [keyOf(cell), cell]))
  const later = new Map(after.results.filter(isMeasured).map((cell) => [keyOf(cell), cell]))
  const cells = [...later].flatMap(([key, cell]) => {
    const other = earlier.get(key)
    return other === undefined ? [] : [compared(other, cell)]
  })
  const known = cells.filter(({ change }) => change !== 'unknown')
  const columnNames = [...new Set(known.map((cell) => columnOf(cell)))]
  return {
    cells,
    onlyBefore: [...earlier.keys()].filter((key) => !later.has(key)),
    onlyAfter: [...later.keys()].filter((key) => !earlier.has(key)),
    columns: columnNames.map((column) => ({
      column,
      ratio: meanRatio(known.filter((cell) => columnOf(cell) === column)),
    })),
    overall: known.length === 0 ? undefined : meanRatio(known),
    differences: differencesOf(before, after),
  }
}

export function changeOf(ratio: Estimate): Change {
  if (ratio.low > 1) return 'slower'
  return ratio.high < 1 ? 'faster' : 'same'
}

/** What is slower by more than so many percent, and not by noise: cells, then the mean of all. */
export function regressions(comparison: Comparison, percent: number): string[] {
  const limit = 1 + percent / 100
  const fails = (ratio: Estimate): boolean => ratio.value > limit && changeOf(ratio) === 'slower'
  const cells = comparison.cells
    .filter(({ ratio, change }) => change !== 'unknown' && fails(ratio))
    .map((cell) => keyOf(cell))
  const { overall } = comparison
  return overall !== undefined && fails(overall) ? [...cells, 'geometric mean'] : cells
}

function compared(before: BenchResult, after: BenchResult): ComparedCell {
  const was = estimate(before.samples, before.samplesPerRound)
  const is = estimate(after.samples, after.samplesPerRound)
  const ratio = ratioOf(is, was)
  const { workload, backend, durability, unit } = after
  const few = Math.min(before.samples.length, after.samples.length) < SAMPLES_MIN
  const change = few ? 'unknown' : changeOf(ratio)
  return { workload, backend, durability, unit, before: was, after: is, ratio, change }
}

/** A zero is below the clock's step, and nothing can be said of it in proportion. */
function isMeasured({ error, samples }: BenchResult): boolean {
  return error === undefined && samples.length > 0 && samples.every((sample) => sample > 0)
}

function meanRatio(cells: readonly ComparedCell[]): Estimate {
  const of = (which: keyof Estimate): number =>
    geometricMean(cells.map(({ ratio }) => ratio[which]))
  return { value: of('value'), low: of('low'), high: of('high') }
}

function keyOf(cell: Pick<ComparedCell, 'workload' | 'backend' | 'durability'>): string {
  return `${cell.workload} ${columnOf(cell)}`
}

function columnOf({ backend, durability }: Pick<ComparedCell, 'backend' | 'durability'>): string {
  return `${backend} ${durability}`
}

const COMPARED: readonly (readonly [what: string, of: (env: Environment) => string])[] = [
  ['browser', ({ browser }) => `${browser.name} ${browser.version}`],
  ['processor', ({ cores, cpu }) => `${cores} × ${cpu}`],
  ['system', ({ os }) => os],
  ['file system', ({ fileSystem }) => fileSystem],
  ['PGlite', ({ pglite }) => pglite],
  ['driven by', ({ node }) => (node === undefined ? 'a page' : 'the command line')],
]

function differencesOf(before: BenchDocument, after: BenchDocument): string[] {
  return COMPARED.flatMap(([what, of]) => {
    const [was, is] = [of(before.env), of(after.env)]
    return was === is ? [] : [`${what}: ${was}, then ${is}`]
  })
}
