// The comparison as text: one table per durability, workloads by backends, each cell a median with its
// ratio to the baseline. Called by cli.ts with a finished or partial document.

import { BASELINE, BACKENDS } from '../backends/index.ts'
import type { BenchDocument, BenchResult, CellError } from '../schema.ts'
import { amount, ratio } from './numbers.ts'

const GAP = '  '
const WIDTH_MIN = 60
/** Workloads named in one note. */
const LISTED_MAX = 6
/** Marks a median whose samples spread widely: their middle half over more than half of it. */
const UNSTEADY = '~'
const UNSTEADY_ABOVE = 0.5

/** `width` is the terminal's, in characters; tables that are wider are split by columns. */
export function renderTables(document: BenchDocument, width: number): string {
  const levels = (['strict', 'relaxed'] as const).filter((level) =>
    document.results.some(({ durability }) => durability === level),
  )
  const notes = new Notes()
  const tables =
    levels.length === 0
      ? [renderLevel(document.results, 'in memory', width, notes)]
      : levels.map((level) => {
          const results = document.results.filter(
            ({ durability }) => durability === level || durability === 'none',
          )
          return `${renderLevel(results, level, width, notes)}${caveats(results, level)}`
        })
  const unsteady = document.results.some(
    (result) => result.error === undefined && isUnsteady(result),
  )
  const legend = `\n${UNSTEADY} the middle half of the samples spreads over more than half of the median\n`
  const parts = [...tables, unsteady ? legend : '', renderProbes(document), notes.render()]
  return parts.filter((part) => part !== '').join('\n')
}

/** Strict and relaxed never share a table: what they promise differs, so a ratio would mislead. */
function renderLevel(
  results: readonly BenchResult[],
  level: string,
  width: number,
  notes: Notes,
): string {
  const workloads = [...new Set(results.map(({ workload }) => workload))]
  const backends = [...new Set(results.map(({ backend }) => backend))]
  const find = (workload: string, backend: string): BenchResult | undefined =>
    results.find((result) => result.workload === workload && result.backend === backend)

  const labels = ['', '', ...workloads.map((name) => `${name} (${unitOf(results, name)})`)]
  const columns = backends.map((backend) => {
    const cells = workloads.map((workload) =>
      renderCell(find(workload, backend), find(workload, BASELINE), notes),
    )
    return column(backend, cells)
  })

  const labelWidth = widest(labels)
  const baseline = backends.indexOf(BASELINE)
  const groups = groupColumns(columns, baseline, Math.max(width, WIDTH_MIN) - labelWidth)
  const title = level === 'in memory' ? 'In memory' : `Durability: ${level}`
  const legend = baseline < 0 ? 'median' : `median and ratio to ${BASELINE}; less is better`
  const text = groups.map((group) =>
    labels
      .map((label, row) => {
        const cells = group.map((lines) => lines[row] ?? '')
        return [label.padEnd(labelWidth), ...cells].join(GAP).trimEnd()
      })
      .join('\n'),
  )
  return `\n${title} (${legend})\n\n${text.join('\n\n')}\n`
}

/** A column's lines, all of one width: its name in two lines, then its cells. */
function column(backend: string, cells: readonly CellText[]): string[] {
  const valueWidth = widest(cells.map(({ value }) => value))
  const ratioWidth = widest(cells.map(({ ratio: text }) => text))
  const lines = cells.map(({ value, ratio: text }) =>
    ratioWidth === 0
      ? value.padStart(valueWidth)
      : `${value.padStart(valueWidth)} ${text.padStart(ratioWidth)}`,
  )
  const dash = backend.indexOf('-')
  const names = dash < 0 ? ['', backend] : [backend.slice(0, dash + 1), backend.slice(dash + 1)]
  const all = [...names, ...lines]
  const width = widest(all)
  return all.map((line) => line.padStart(width))
}

/** Columns that fit side by side; the baseline, if any, leads each group. */
function groupColumns(columns: readonly string[][], baseline: number, width: number): string[][][] {
  const widthOf = (lines: readonly string[]): number => GAP.length + (lines[0]?.length ?? 0)
  const lead = columns[baseline]
  const groups: string[][][] = []
  let used = Infinity
  columns.forEach((lines, index) => {
    if (used + widthOf(lines) > width) {
      const repeated = lead !== undefined && index !== baseline ? [lead] : []
      groups.push(repeated)
      used = repeated.reduce((sum, leading) => sum + widthOf(leading), 0)
    }
    groups.at(-1)?.push(lines)
    used += widthOf(lines)
  })
  return groups
}

interface CellText {
  readonly value: string
  readonly ratio: string
}

const ERROR_WORDS: Readonly<Record<CellError['kind'], string>> = {
  failed: 'failed',
  timeout: 'hangs',
  'wrong-result': 'wrong',
  unavailable: 'n/a',
  'not-run': '-',
}

function renderCell(
  result: BenchResult | undefined,
  baseline: BenchResult | undefined,
  notes: Notes,
): CellText {
  if (result === undefined || result.skipped !== undefined) return { value: '-', ratio: '' }
  const { error, median } = result
  if (error !== undefined) {
    const word = ERROR_WORDS[error.kind]
    const note = notes.add(`${result.backend} ${result.durability}`, result.workload, error)
    return { value: `${word}[${note}]`, ratio: '' }
  }
  if (median === null) return { value: '-', ratio: '' }
  const yardstick = baseline?.error === undefined ? baseline?.median : undefined
  return {
    value: `${isUnsteady(result) ? UNSTEADY : ''}${amount(median)}`,
    // Below the clock's step there is nothing to divide by.
    ratio:
      yardstick === undefined || yardstick === null || yardstick === 0
        ? ''
        : ratio(median / yardstick),
  }
}

function isUnsteady({ median, p25, p75 }: BenchResult): boolean {
  if (median === null || p25 === undefined || p75 === undefined) return false
  return p75 - p25 > UNSTEADY_ABOVE * median
}

/** Numbered footnotes; cells that failed for one reason share one. */
class Notes {
  readonly #notes = new Map<string, { readonly number: number; readonly workloads: string[] }>()

  add(where: string, workload: string, error: CellError): number {
    const text = `${where}: ${error.message}`
    let note = this.#notes.get(text)
    if (note === undefined) {
      note = { number: this.#notes.size + 1, workloads: [] }
      this.#notes.set(text, note)
    }
    if (!note.workloads.includes(workload)) note.workloads.push(workload)
    return note.number
  }

  render(): string {
    const lines = [...this.#notes].map(
      ([text, { number, workloads }]) => `  [${number}] ${text} (${listed(workloads)})`,
    )
    return lines.length === 0 ? '' : `\nNot measured, or not to be trusted:\n${lines.join('\n')}\n`
  }
}

/** All of a few names, the first of many. */
export function listed(names: readonly string[]): string {
  if (names.length <= LISTED_MAX) return names.join(', ')
  return `${names.slice(0, LISTED_MAX - 1).join(', ')} and ${names.length - LISTED_MAX + 1} more`
}

function caveats(results: readonly BenchResult[], level: 'strict' | 'relaxed'): string {
  const names = new Set(results.map(({ backend }) => backend))
  const lines = BACKENDS.flatMap(({ name, caveats: texts }) => {
    const text = names.has(name) ? texts?.[level] : undefined
    return text === undefined ? [] : [`  ${name}: ${text}`]
  })
  return lines.length === 0
    ? ''
    : `\nWhat ${level} means where it differs from ours:\n${lines.join('\n')}\n`
}

function renderProbes({ probes }: BenchDocument): string {
  if (probes.length === 0) return ''
  const names = probes.map(({ probe }) => probe)
  const lines = probes.map(({ probe, median, p95, error }) => {
    const label = `  ${probe.padEnd(widest(names))}`
    if (error !== undefined) return `${label}  ${ERROR_WORDS[error.kind]}: ${error.message}`
    if (median === null) return `${label}  -`
    const tail = p95 === undefined ? '' : `   95 % within ${amount(p95)}`
    return `${label}  ${amount(median).padStart(7)}${tail}`
  })
  return `\nThe machine's floor (median, µs)\n\n${lines.join('\n')}\n`
}

function unitOf(results: readonly BenchResult[], workload: string): string {
  return results.find((result) => result.workload === workload)?.unit ?? ''
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length))
}
