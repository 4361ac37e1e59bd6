// What a reader should know first, found in the figures by the same rule for every column: who is fastest
// at what matters most, and by how much the others are behind. Called by page.ts.

import { BACKENDS } from '../../backends/index.ts'
import { quantity, ratio } from '../numbers.ts'
import { html, type Markup } from './markup.ts'
import { isOurs, type Cell, type Level, type ReportView } from './view.ts'

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

export function findings(view: ReportView, level: Level): Markup {
  const cards = QUESTIONS.flatMap(({ workload, title }) => {
    const cells = view.cells(workload, level).filter(({ backend }) => persists(backend, level))
    const ranked = cells
      .filter((cell) => cell.figure !== undefined)
      .toSorted((a, b) => value(a) - value(b))
    const [first, ...others] = ranked
    if (first === undefined) return []
    return [
      renderCard(
        title,
        first,
        others,
        cells.filter(({ figure, reason }) => figure === undefined && reason?.pending !== true),
      ),
    ]
  })
  return html`<ul class="cards">
    ${cards}
  </ul>`
}

function renderCard(
  title: string,
  first: Cell,
  others: readonly Cell[],
  without: readonly Cell[],
): Markup {
  const level = others.filter((cell) => overlaps(cell, first))
  const leaders = [first, ...level].map(({ backend }) => backend)
  const rest = others.filter((cell) => !level.includes(cell))
  const behind = rest.map(
    (cell) => html`<li>${name(cell.backend)} <b>${ratio(value(cell) / value(first))}</b></li>`,
  )
  const failed = without.map(
    (cell) => html`<li>${name(cell.backend)} <b>${cell.reason?.word}</b></li>`,
  )
  const toMemory =
    first.ratio === undefined ? undefined : html`, ${ratio(first.ratio.value)} memory`
  return html`<li>
    <h3>${title}</h3>
    <p class="big">${quantity(value(first), first.unit)}</p>
    <p>
      ${leaders.length > 1 ? 'equal within noise: ' : ''}<b>${leaders.join(', ')}</b>${toMemory}
    </p>
    <ul>
      ${behind}${failed}
    </ul>
  </li>`
}

function name(backend: string): Markup {
  return html`<span class="${isOurs(backend) ? 'ours' : ''}">${backend}</span>`
}

/** What keeps nothing is a yardstick, not a choice, unless there is nothing else. */
function persists(backend: string, level: Level): boolean {
  return level === 'memory' || BACKENDS.find(({ name }) => name === backend)?.persistent === true
}

function value({ figure }: Cell): number {
  return figure?.value ?? Infinity
}

function overlaps(a: Cell, b: Cell): boolean {
  if (a.figure === undefined || b.figure === undefined) return false
  // Of a single sample the interval is not known, and its value is not taken for it.
  return a.figure.low <= b.figure.high && b.figure.low <= a.figure.high
}
