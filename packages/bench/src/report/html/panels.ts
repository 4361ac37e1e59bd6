// The charts: a panel for each workload, in groups. A panel is a table whose middle column is drawn, so
// that it reads aloud as well. Called by page.ts.

import { BASELINE } from '../../backends/index.ts'
import type { Estimate } from '../../interval.ts'
import { WORKLOADS } from '../../workloads/index.ts'
import { quantity, ratio } from '../numbers.ts'
import { html, type Markup } from './markup.ts'
import { linearScale, ratioScale, type Scale } from './scale.ts'
import { isOurs, seriesOf, type Cell, type Level, type ReportView } from './view.ts'

export interface Group {
  readonly title: string
  readonly words: string
  readonly has: (workload: string) => boolean
  /** Too many panels to show all at first. */
  readonly folded?: boolean
}

const ROUND_TRIP = /^pg-(insert|select|update|delete)-/
const LIFE = /^pg-(create|close|reopen|reopen-killed)$/

/** Each workload belongs to the first that has it. */
const GROUPS: readonly Group[] = [
  {
    title: 'One row at a time',
    words: 'What an application waits for at each click: one awaited query, which commits.',
    has: (workload) => ROUND_TRIP.test(workload),
  },
  {
    title: 'Opening and closing a database',
    words: 'A new cluster, a clean close, and coming back after that or after a kill.',
    has: (workload) => LIFE.test(workload),
  },
  {
    title: 'Transactions and a large database',
    words: 'Five statements in a transaction, and reads and writes beyond the caches.',
    has: (workload) => ['pg-tpcb', 'pg-mixed', 'sql-total'].includes(workload),
  },
  {
    title: 'Bulk SQL, step by step',
    words: 'Each step is one exec; the sum is above.',
    has: (workload) => workload.startsWith('sql-'),
    folded: true,
  },
  {
    title: 'Files without Postgres',
    words: 'The file systems alone, from small files to large ones.',
    has: (workload) => workload.startsWith('file-') || workload.startsWith('worker-'),
    folded: true,
  },
  {
    title: 'What it takes',
    words: 'Storage and memory, while 16 MiB of rows are written and afterwards.',
    has: (workload) => /^(storage|process)-/.test(workload),
  },
  { title: 'Everything else', words: 'Checkpoints, two at once, large stores.', has: () => true },
]

/** All groups of a level; empty where it has no figures. */
export function panels(view: ReportView, level: Level): Markup {
  const parts = grouped(view.workloads).map(({ group, workloads }) =>
    renderGroup(
      group,
      workloads.map((workload) => hadTurn(view.cells(workload, level))).filter(hasRows),
    ),
  )
  return html`${parts}`
}

/** Every workload once, in the groups in which people look for it. */
export function grouped(
  workloads: readonly string[],
): { readonly group: Group; readonly workloads: readonly string[] }[] {
  const left = new Set(workloads)
  return GROUPS.map((group) => {
    const mine = [...left].filter((workload) => group.has(workload))
    for (const workload of mine) left.delete(workload)
    return { group, workloads: mine }
  })
}

function hadTurn(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter(({ reason }) => reason?.pending !== true)
}

function hasRows(cells: readonly Cell[]): boolean {
  return cells.length > 0
}

function renderGroup(group: Group, rows: readonly (readonly Cell[])[]): Markup | undefined {
  if (rows.length === 0) return undefined
  const ratios = rows.flatMap((cells) => cells.flatMap(({ ratio }) => (ratio ? [ratio] : [])))
  // One axis for all panels of a group, so that they can be compared by eye.
  const shared = ratioScale(ratios.flatMap(({ low, value, high }) => [low, value, high]))
  const body = html`<div class="panels">${rows.map((cells) => renderPanel(cells, shared))}</div>`
  if (group.folded === true) {
    return html`<details>
      <summary>
        <h3>${group.title}</h3>
        <span>${group.words} ${rows.length} charts</span>
      </summary>
      ${body}
    </details>`
  }
  return html`<section>
    <h3>${group.title}</h3>
    <p>${group.words}</p>
    ${body}
  </section>`
}

function renderPanel(cells: readonly Cell[], shared: Scale): Markup {
  const [{ workload } = { workload: '' }] = cells
  const compared = cells.some(({ ratio }) => ratio !== undefined)
  const figures = cells.flatMap(({ figure }) => (figure ? [figure.high, figure.value] : []))
  const scale = compared ? shared : linearScale(figures)
  const unit = cells[0]?.unit ?? 'ms'
  const label = (tick: number): string => (compared ? axisRatio(tick) : quantity(tick, unit))
  const summary = WORKLOADS.find(({ name }) => name === workload)?.summary ?? ''
  const axis = scale.ticks.map(
    (tick) => html`<span style="left:${scale.at(tick).toFixed(2)}%">${label(tick)}</span>`,
  )
  return html`<figure>
    <figcaption><b>${workload}</b><span>${summary}</span></figcaption>
    <table>
      <colgroup>
        <col class="name" />
        <col />
        <col class="value" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">file system</th>
          <th scope="col" aria-hidden="true"></th>
          <th scope="col">${compared ? 'median, × memory' : 'median'}</th>
        </tr>
      </thead>
      <tbody>
        ${cells.map((cell) => renderRow(cell, scale, compared))}
      </tbody>
    </table>
    <div class="axis" aria-hidden="true"><div>${axis}</div></div>
  </figure>`
}

function renderRow(cell: Cell, scale: Scale, compared: boolean): Markup {
  const { backend, figure, ratio: relative, reason, unit } = cell
  const name = html`<th scope="row" class="${isOurs(backend) ? 'ours' : ''}">${backend}</th>`
  if (figure === undefined) {
    return html`<tr class="missing">
      ${name}
      <td colspan="2" title="${reason?.message}">${reason?.word}</td>
    </tr>`
  }
  const drawn = compared ? (backend === BASELINE ? ONE : relative) : figure
  const times = relative === undefined ? undefined : html` <i>${ratio(relative.value)}</i>`
  return html`<tr>
    ${name}
    <td class="plot">${drawn === undefined ? undefined : bar(drawn, scale, seriesOf(backend))}</td>
    <td class="figure" title="${spread(figure, unit)}">${quantity(figure.value, unit)}${times}</td>
  </tr>`
}

const ONE: Estimate = { value: 1, low: 1, high: 1 }

/** From the origin to the median, with a line over the interval. */
function bar({ value, low, high }: Estimate, scale: Scale, series: number): Markup {
  const [from, to] = [scale.origin, scale.at(value)].toSorted((a, b) => a - b) as [number, number]
  const grid = scale.ticks.map((tick) => {
    const at = scale.at(tick).toFixed(2)
    return html`<line class="grid" x1="${at}%" x2="${at}%" y1="0" y2="100%" />`
  })
  const [left, right] = [scale.at(low).toFixed(2), scale.at(high).toFixed(2)]
  const origin = scale.origin.toFixed(2)
  return html`<svg class="s${series}" aria-hidden="true">
    ${grid}
    <line class="origin" x1="${origin}%" x2="${origin}%" y1="0" y2="100%" />
    <rect x="${from.toFixed(2)}%" width="${(to - from).toFixed(2)}%" y="4" height="10" rx="2" />
    <line class="interval" x1="${left}%" x2="${right}%" y1="9" y2="9" />
    <circle cx="${scale.at(value).toFixed(2)}%" cy="9" r="3.5" />
  </svg>`
}

function spread({ low, high }: Estimate, unit: Cell['unit']): string {
  return low === high
    ? 'a single sample'
    : `the median lies between ${quantity(low, unit)} and ${quantity(high, unit)} (95 %)`
}

function axisRatio(tick: number): string {
  return `${tick.toLocaleString('en-US')}×`
}
