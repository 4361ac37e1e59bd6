// Runs as the tables of docs/benchmarks.md: what was found first, then the figures people look for.
// Called by publish.ts.

import { findingsOf, type Finding } from '../report/findings.ts'
import { browserTitle } from '../report/browsers.ts'
import { ReportView, UNAVAILABLE, type Cell, type Level } from '../report/html/view.ts'
import { machineOf } from '../report/machine.ts'
import { quantity, ratio } from '../report/numbers.ts'
import type { BenchDocument } from '../schema.ts'

/** Workloads that are shown, in this order, each group in a table of its own. */
const TABLES: readonly (readonly (readonly [workload: string, title: string])[])[] = [
  [
    ['pg-insert-small', 'INSERT'],
    ['pg-insert-10k', 'INSERT 10 KiB'],
    ['pg-select-small', 'SELECT'],
    ['pg-create', 'create'],
    ['pg-close', 'close'],
    ['pg-reopen', 'reopen'],
    ['pg-reopen-killed', 'after a kill'],
  ],
  [
    ['sql-total', 'SQL suite'],
    ['sql-ctas', 'CTAS'],
    ['pg-tpcb', 'TPC-B-like'],
    ['pg-mixed', 'mixed'],
    ['pg-concurrent', 'two at once'],
    ['process-memory', 'memory'],
    ['storage-closed', 'storage'],
  ],
  [
    ['file-create-100', 'create 100'],
    ['file-stat-100', 'stat 100'],
    ['file-append', 'append'],
    ['file-fsync', 'fsync'],
    ['file-write-sequential-256k', 'write 16 MiB'],
    ['file-read-sequential-256k', 'read 16 MiB'],
    ['file-read-random-4k', 'read 4 KiB'],
  ],
]

/** What one run says, under the heading of its browser. */
export function renderRun(document: BenchDocument): string {
  const view = new ReportView(document)
  const { env, rounds } = document
  const { browser, date, pglite, commit } = env
  const facts = [
    machineOf(env),
    `PGlite ${pglite}`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    date.slice(0, 10),
    ...(commit === undefined ? [] : [`commit ${commit}`]),
  ]
  const parts = view.levels.flatMap((level) => [
    ...(level === 'memory' ? [] : [`#### ${capital(level)}`]),
    findingLines(findingsOf(view, level)),
    ...TABLES.map((columns) => table(view, level, columns)),
  ])
  const title = `### ${browserTitle(browser.name)} ${browser.version}`
  const text = [title, `${facts.join('; ')}.`, ...parts, notes(view)]
  return text.filter((part) => part !== '').join('\n\n')
}

function findingLines(findings: readonly Finding[]): string {
  return findings.map((finding) => `- ${sentence(finding)}`).join('\n')
}

function sentence({ title, first, leaders, behind, without }: Finding): string {
  const toMemory = first.ratio === undefined ? '' : ` (${ratio(first.ratio.value)} memory)`
  const equal = leaders.length > 1 ? ', equal within noise' : ''
  const others = [
    ...behind.map(({ backend, times }) => `${backend} ${ratio(times)}`),
    ...without
      .filter(({ word }) => word !== UNAVAILABLE)
      .map(({ backend, word }) => `${backend} ${word}`),
  ]
  const rest = others.length === 0 ? '' : `; then ${others.join(', ')}`
  const figure = `${quantity(first.figure.value, first.unit)}${toMemory}`
  return `${title}: **${leaders.join(', ')}** ${figure}${equal}${rest}`
}

/** A row for each column of the run: there are more of them than fit side by side. */
function table(
  view: ReportView,
  level: Level,
  columns: readonly (readonly [workload: string, title: string])[],
): string {
  const cells = (workload: string): readonly Cell[] => view.cells(workload, level)
  const present = columns.filter(([workload]) =>
    cells(workload).some(({ figure }) => figure !== undefined),
  )
  if (present.length === 0) return ''
  const rows = view.backends(level).flatMap((backend) => {
    const row = present.map(([workload]) =>
      cells(workload).find((cell) => cell.backend === backend),
    )
    // What the browser lacks is said once, below.
    return row.every((cell) => cell === undefined || isUnavailable(cell))
      ? []
      : [[`\`${backend}\``, ...row.map((cell) => cellText(cell))]]
  })
  const head = ['', ...present.map(([, title]) => title)]
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'))
  return [head, rule, ...rows].map((cellTexts) => `| ${cellTexts.join(' | ')} |`).join('\n')
}

function isUnavailable({ result }: Cell): boolean {
  return result.error?.kind === 'unavailable'
}

function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '–'
  const { figure, ratio: relative, reason, unit } = cell
  if (figure === undefined) return reason?.word ?? '–'
  return `${quantity(figure.value, unit)}${relative === undefined ? '' : ` ${ratio(relative.value)}`}`
}

/** What went wrong, one line for each reason. */
function notes(view: ReportView): string {
  const lines = new Set(
    view.document.results.flatMap(({ backend, durability, error }) =>
      error === undefined || error.kind === 'not-run'
        ? []
        : [`- \`${backend}\` ${durability}: ${plain(error.message)}`],
    ),
  )
  return lines.size === 0 ? '' : `Not measured, or not to be trusted:\n\n${[...lines].join('\n')}`
}

/** A message may hold what Markdown would take for its own. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, String.raw`\$&`)
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`
}
