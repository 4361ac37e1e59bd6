// What a reader should know first, found in the figures by the same rule for every column: who is fastest
// at what matters most, and by how much the others are behind. Rendered by html/findings.ts and by
// ../publish/markdown.ts.

import { BACKENDS } from '../backends/index.ts'
import type { Cell, Level, ReportView } from './html/view.ts'

const QUESTIONS: readonly { readonly workload: string; readonly title: string }[] = [
  { workload: 'pg-insert-small', title: 'Commit one small row' },
  { workload: 'pg-select-small', title: 'Read one row by its key' },
  { workload: 'pg-reopen', title: 'Open an existing database' },
  { workload: 'pg-create', title: 'Create a database' },
  { workload: 'pg-tpcb', title: 'A transaction as pgbench’s' },
  { workload: 'sql-total', title: 'The whole SQL suite' },
  { workload: 'pg-mixed', title: 'Ten queries beyond the caches' },
  { workload: 'file-fsync', title: 'Write a page and fsync it' },
]

export interface Finding {
  readonly title: string
  readonly first: MeasuredCell
  /** The first, and those that the run cannot tell from it. */
  readonly leaders: readonly string[]
  /** The others, the next fastest first, and how many times as long each takes. */
  readonly behind: readonly { readonly backend: string; readonly times: number }[]
  /** Columns without a figure, and the word for why. */
  readonly without: readonly { readonly backend: string; readonly word: string }[]
}

export interface MeasuredCell extends Cell {
  readonly figure: NonNullable<Cell['figure']>
}

export function findingsOf(view: ReportView, level: Level): Finding[] {
  return QUESTIONS.flatMap(({ workload, title }) => {
    const cells = view.cells(workload, level).filter(({ backend }) => persists(backend, level))
    const [first, ...others] = cells
      .filter((cell) => isMeasured(cell))
      .toSorted((a, b) => a.figure.value - b.figure.value)
    if (first === undefined) return []
    const equal = others.filter((cell) => overlaps(cell, first))
    const rest = others.filter((cell) => !equal.includes(cell))
    return [
      {
        title,
        first,
        leaders: [first, ...equal].map(({ backend }) => backend),
        behind: rest.map(({ backend, figure }) => ({
          backend,
          times: figure.value / first.figure.value,
        })),
        without: cells.flatMap(({ backend, reason }) =>
          reason === undefined || reason.pending ? [] : [{ backend, word: reason.word }],
        ),
      },
    ]
  })
}

/** What keeps nothing is a yardstick, not a choice, unless there is nothing else. */
function persists(backend: string, level: Level): boolean {
  return level === 'memory' || BACKENDS.find(({ name }) => name === backend)?.persistent === true
}

function isMeasured(cell: Cell): cell is MeasuredCell {
  return cell.figure !== undefined
}

/** Of a single sample the interval is not known, and its value is not taken for it. */
function overlaps({ figure: a }: MeasuredCell, { figure: b }: MeasuredCell): boolean {
  return a.low <= b.high && b.low <= a.high
}
