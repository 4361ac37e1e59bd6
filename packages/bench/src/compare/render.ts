// A comparison as text: the cells that changed, worst first, how many did not, the farthest apart of those
// that cannot be judged, and the means. Called by cli.ts.

import { ROUNDS_ENOUGH, type Estimate } from '../interval.ts'
import { browserTitle } from '../report/browsers.ts'
import { amount, ratio } from '../report/numbers.ts'
import type { BenchDocument } from '../schema.ts'
import { isJudged, type Change, type ComparedCell, type Comparison } from './compare.ts'

export const FEW_ROUNDS =
  `Fewer than ${ROUNDS_ENOUGH} rounds in one of the runs: no difference between them can be told from ` +
  `noise. Repeat it with --samples ${ROUNDS_ENOUGH}, or with --quick.`
/** Of what is not judged, the farthest apart. */
const UNJUDGED_SHOWN = 5
const SAID: Readonly<Record<Change, string>> = {
  slower: 'slower',
  faster: 'faster',
  same: 'within noise',
  unknown: 'too few rounds',
}

export interface NamedRun {
  readonly file: string
  readonly document: BenchDocument
}

export function renderComparison(
  before: NamedRun,
  after: NamedRun,
  comparison: Comparison,
): string {
  const { cells, means, work, differences, onlyBefore, onlyAfter } = comparison
  if (cells.length === 0) {
    return `${header(before, after)}\n\nThe two runs have no figure in common.`
  }
  const count = (change: Change): string =>
    `${cells.filter((cell) => cell.change === change).length} of ${cells.length} figures`
  const changed = cells
    .filter(({ change }) => change === 'slower' || change === 'faster')
    .toSorted((a, b) => b.ratio.value - a.ratio.value)
  const unjudged = cells
    .filter(({ change }) => change === 'unknown')
    .toSorted((a, b) => distance(b) - distance(a))
  const parts = [
    header(before, after),
    ...(differences.length === 0
      ? []
      : [`They differ in more than the build:\n${indented(differences)}`]),
    ...(isJudged(comparison) ? [] : [FEW_ROUNDS]),
    ...(changed.length === 0 ? [] : [`Changed by more than noise:\n${cellLines(changed)}`]),
    ...(isJudged(comparison) ? [`${count('same')} within noise`] : []),
    ...(unjudged.length === 0
      ? []
      : [
          `${count('unknown')} of fewer than ${ROUNDS_ENOUGH} rounds, not judged; farthest apart:\n` +
            cellLines(unjudged.slice(0, UNJUDGED_SHOWN)),
        ]),
    ...(work.length === 0 ? [] : [`Physical work per sample that differs:\n${workLines(work)}`]),
    ...absent(before.file, onlyBefore),
    ...absent(after.file, onlyAfter),
    `Geometric mean of the ratios (below 1 is faster):\n${meanLines(means)}`,
  ]
  return parts.join('\n\n')
}

function header(before: NamedRun, after: NamedRun): string {
  return [`from  ${described(before)}`, `to    ${described(after)}`].join('\n')
}

function described({ file, document }: NamedRun): string {
  const { env, rounds, complete } = document
  const { browser, date, commit } = env
  const parts = [
    `${browserTitle(browser.name)} ${browser.version}`,
    date,
    ...(commit === undefined ? [] : [commit]),
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    ...(complete ? [] : ['ended early']),
  ]
  return `${file} (${parts.join(', ')})`
}

function cellLines(cells: readonly ComparedCell[]): string {
  return table(
    cells.map(({ workload, backend, durability, before, after, unit, ratio: times, change }) => [
      workload,
      `${backend} ${durability}`,
      `${amount(before.value)} → ${amount(after.value)} ${unit}`,
      interval(times),
      SAID[change],
    ]),
  )
}

function workLines(work: Comparison['work']): string {
  return table(
    work.map(({ workload, backend, durability, counter, before, after }) => [
      workload,
      `${backend} ${durability}`,
      counter,
      `${amount(before)} → ${amount(after)}`,
    ]),
  )
}

/** From no change at all, twice as slow being as far as twice as fast. */
function distance({ ratio: { value } }: ComparedCell): number {
  return Math.abs(Math.log(value))
}

function meanLines(means: Comparison['means']): string {
  return table(
    means.map(({ column, ratio: mean, change }) => [column, interval(mean), SAID[change]]),
  )
}

function interval({ value, low, high }: Estimate): string {
  return low === high ? ratio(value) : `${ratio(value)} [${ratio(low)} … ${ratio(high)}]`
}

function absent(file: string, keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [`Only in ${file}:\n${indented(keys)}`]
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? '').length)),
  )
  return rows
    .map((cells) => `  ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`)
    .map((line) => line.trimEnd())
    .join('\n')
}
