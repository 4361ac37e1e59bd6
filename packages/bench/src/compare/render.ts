// A comparison as text: the cells that changed, worst first, how many did not, and the means. Called by
// cli.ts.

import type { Estimate } from '../interval.ts'
import { browserTitle } from '../report/browsers.ts'
import { amount, ratio } from '../report/numbers.ts'
import type { BenchDocument } from '../schema.ts'
import { changeOf, type Change, type ComparedCell, type Comparison } from './compare.ts'

const ROUNDS_ENOUGH = 5
const FEW_ROUNDS =
  'Fewer than five rounds in one of them: intervals are too narrow, and what reads as slower or faster ' +
  'may be noise; repeat with --samples 5.'
const SAID: Readonly<Record<Change, string>> = {
  slower: 'slower',
  faster: 'faster',
  same: 'within noise',
  unknown: 'too few samples',
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
  const { cells, columns, overall, differences, onlyBefore, onlyAfter } = comparison
  if (cells.length === 0) {
    return `${header(before, after)}\n\nThe two runs have no figure in common.`
  }
  const few = [before, after].some(({ document }) => document.rounds < ROUNDS_ENOUGH)
  const count = (change: Change): string =>
    `${cells.filter((cell) => cell.change === change).length} of ${cells.length} figures`
  const changed = cells
    .filter(({ change }) => change === 'slower' || change === 'faster')
    .toSorted((a, b) => b.ratio.value - a.ratio.value)
  const parts = [
    header(before, after),
    ...(differences.length === 0
      ? []
      : [`They differ in more than the build:\n${indented(differences)}`]),
    ...(few ? [FEW_ROUNDS] : []),
    ...(changed.length === 0 ? [] : [`Changed by more than noise:\n${cellLines(changed)}`]),
    `${count('same')} within noise`,
    ...(cells.some(({ change }) => change === 'unknown')
      ? [`${count('unknown')} with fewer than five samples, not judged`]
      : []),
    ...absent(before.file, onlyBefore),
    ...absent(after.file, onlyAfter),
    ...(overall === undefined
      ? []
      : [`Geometric mean of the ratios (below 1 is faster):\n${means(columns, overall)}`]),
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
    cells.map(({ workload, backend, durability, before, after, unit, ratio: change }) => [
      workload,
      `${backend} ${durability}`,
      `${amount(before.value)} → ${amount(after.value)} ${unit}`,
      interval(change),
      SAID[changeOf(change)],
    ]),
  )
}

function means(columns: Comparison['columns'], overall: Estimate): string {
  const rows = [...columns, { column: 'all', ratio: overall }]
  return table(
    rows.map(({ column, ratio: mean }) => [column, interval(mean), SAID[changeOf(mean)]]),
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
