// Two runs held against each other, cell by cell: by how much the second is slower or faster, and whether
// that can be told from noise. Called by cli.ts, rendered by render.ts.

import type { BenchDocument, BenchResult, Environment } from '../schema.ts'
import { geometricMean } from '../statistics.ts'
import { workChanges, type WorkChange } from './work.ts'
import { estimate, exactly, ratioOf, ROUNDS_ENOUGH, type Estimate } from '../interval.ts'

/**
 * `same`: the intervals of the two medians overlap, so these runs cannot tell them apart. `unknown`: one
 * of them has fewer than ROUNDS_ENOUGH rounds. However many samples those hold, they say nothing about how
 * a fresh store, a fresh worker and the machine's next minute differ from the last.
 */
export type Change = 'slower' | 'faster' | 'same' | 'unknown'

export interface ComparedCell {
  readonly workload: string
  readonly backend: string
  readonly durability: string
  readonly unit: string
  readonly before: Estimate
  readonly after: Estimate
  /** Of the second to the first, above 1 if it is slower; without an interval if it is not judged. */
  readonly ratio: Estimate
  readonly change: Change
}

export interface Mean {
  /** `backend durability`, or `all`. */
  readonly column: string
  readonly ratio: Estimate
  readonly change: Change
}

export interface Comparison {
  readonly cells: readonly ComparedCell[]
  /** Cells that only one of the runs has figures for: `workload backend durability`. */
  readonly onlyBefore: readonly string[]
  readonly onlyAfter: readonly string[]
  /**
   * The geometric mean of the ratios, per column and at last of all cells: of those that are judged, or where
   * none is, of all, and then not judged itself. Its interval is that of noise which moves all cells alike,
   * as another load on the machine does: wider than if they erred independently. Empty without cells.
   */
  readonly means: readonly Mean[]
  /** Writes, flushes, round trips and transactions per sample that one run has more of than the other. */
  readonly work: readonly WorkChange[]
  /** Why the ratios may say more about machines than about builds; empty if nothing differs. */
  readonly differences: readonly string[]
}

export function compare(before: BenchDocument, after: BenchDocument): Comparison {
  const earlier = new Map(before.results.filter(isComparable).map((cell) => [keyOf(cell), cell]))
  const later = new Map(after.results.filter(isComparable).map((cell) => [keyOf(cell), cell]))
  const cells = [...later].flatMap(([key, cell]) => {
    const other = earlier.get(key)
    return other === undefined ? [] : [compared(other, cell)]
  })
  const columns = [...new Set(cells.map((cell) => columnOf(cell)))]
  return {
    cells,
    work: [...later].flatMap(([key, cell]) => {
      const other = earlier.get(key)
      return other === undefined ? [] : workChanges(other, cell)
    }),
    onlyBefore: [...earlier.keys()].filter((key) => !later.has(key)),
    onlyAfter: [...later.keys()].filter((key) => !earlier.has(key)),
    means: [
      ...columns.map((column) =>
        meanOf(
          column,
          cells.filter((cell) => columnOf(cell) === column),
        ),
      ),
      ...(cells.length === 0 ? [] : [meanOf('all', cells)]),
    ],
    differences: differencesOf(before, after),
  }
}

/** Whether there is anything that a limit could be held against. */
export function isJudged({ cells }: Comparison): boolean {
  return cells.some(({ change }) => change !== 'unknown')
}

function changeOf(ratio: Estimate): Change {
  if (ratio.low > 1) return 'slower'
  return ratio.high < 1 ? 'faster' : 'same'
}

/** What is slower by more than so many percent, and not by noise: cells, then the mean of all. */
export function regressions(comparison: Comparison, percent: number): string[] {
  const limit = 1 + percent / 100
  const fails = ({ ratio, change }: Pick<Mean, 'ratio' | 'change'>): boolean =>
    change === 'slower' && ratio.value > limit
  const cells = comparison.cells.filter(fails).map((cell) => keyOf(cell))
  const overall = comparison.means.at(-1)
  return overall !== undefined && fails(overall) ? [...cells, 'geometric mean'] : cells
}

function compared(before: BenchResult, after: BenchResult): ComparedCell {
  const was = estimate(before.samples, before.samplesPerRound)
  const is = estimate(after.samples, after.samplesPerRound)
  const { workload, backend, durability, unit } = after
  const common = { workload, backend, durability, unit, before: was, after: is }
  if (Math.min(roundsOf(before), roundsOf(after)) < ROUNDS_ENOUGH) {
    return { ...common, ratio: exactly(is.value / was.value), change: 'unknown' }
  }
  const ratio = ratioOf(is, was)
  return { ...common, ratio, change: changeOf(ratio) }
}

function roundsOf({ samplesPerRound }: BenchResult): number {
  return samplesPerRound.filter((count) => count > 0).length
}

/** Where the clock has shown nothing, nothing can be said in proportion; single zeros are of no weight. */
function isComparable({ error, samples, samplesPerRound }: BenchResult): boolean {
  return error === undefined && samples.length > 0 && estimate(samples, samplesPerRound).low > 0
}

function meanOf(column: string, cells: readonly ComparedCell[]): Mean {
  const judged = cells.filter(({ change }) => change !== 'unknown')
  const counted = judged.length === 0 ? cells : judged
  const of = (which: keyof Estimate): number =>
    geometricMean(counted.map(({ ratio }) => ratio[which]))
  const ratio = { value: of('value'), low: of('low'), high: of('high') }
  return { column, ratio, change: judged.length === 0 ? 'unknown' : changeOf(ratio) }
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
