// All figures in one table, coloured by their ratio to the yardstick, and the machine's floor. Called by
// page.ts.

import { quantity, ratio } from '../numbers.ts'
import { listed } from '../table.ts'
import { NOT_RUN } from '../../schema.ts'
import { probeNamed } from '../../probes/index.ts'
import { html, type Markup } from './markup.ts'
import { isOurs, type Cell, type Level, type ReportView } from './view.ts'

/** At this many times as much, or as little, the colour is full. */
const FULL_COLOUR = 8

export function matrix(view: ReportView, level: Level): Markup {
  const backends = view.backends(level)
  const rows = view.workloads.flatMap((workload) => {
    const cells = view.cells(workload, level)
    if (cells.length === 0) return []
    const find = (name: string): Cell | undefined => cells.find(({ backend }) => backend === name)
    return [
      html`<tr>
        <th scope="row">${workload}</th>
        ${backends.map((name) => renderCell(find(name), `${workload} ${name}`))}
      </tr>`,
    ]
  })
  const heads = backends.map(
    (name) => html`<th scope="col" class="${isOurs(name) ? 'ours' : ''}">${name}</th>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All figures, ${level}">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">workload</th>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** `key` is how the interactive page finds a cell that has just been measured. */
function renderCell(cell: Cell | undefined, key: string): Markup {
  if (cell === undefined) return html`<td class="none">–</td>`
  const { figure, ratio: relative, reason, unit } = cell
  if (figure === undefined) {
    const kind = reason?.pending === true ? 'pending' : 'missing'
    return html`<td class="${kind}" data-cell="${key}" title="${reason?.message}">
      ${reason?.word}
    </td>`
  }
  const times = relative === undefined ? undefined : html`<i>${ratio(relative.value)}</i>`
  const shade = relative === undefined ? undefined : shadeOf(relative.value)
  return html`<td class="${shade?.side}" data-cell="${key}" style="--share:${shade?.percent}%">
    ${quantity(figure.value, unit)}${times}
  </td>`
}

function shadeOf(value: number): { readonly side: string; readonly percent: number } {
  const share = Math.min(1, Math.abs(Math.log(value)) / Math.log(FULL_COLOUR))
  return { side: value > 1 ? 'slower' : 'faster', percent: Math.round(100 * share) }
}

export function floor({ document }: ReportView): Markup {
  const rows = document.probes.map(({ probe, median, p95, unit, error }) => {
    const { summary } = probeNamed(probe)
    if (median === null || error !== undefined) {
      return html`<tr class="missing">
        <th scope="row">${probe}</th>
        <td colspan="2">${error?.message}</td>
        <td>${summary}</td>
      </tr>`
    }
    return html`<tr>
      <th scope="row">${probe}</th>
      <td>${quantity(median, unit)}</td>
      <td>${p95 === undefined ? undefined : quantity(p95, unit)}</td>
      <td>${summary}</td>
    </tr>`
  })
  return html`<div class="scroll" tabindex="0" role="region" aria-label="The machine's floor">
    <table class="floor">
      <thead>
        <tr>
          <th scope="col">probe</th>
          <th scope="col">median</th>
          <th scope="col">95 % within</th>
          <th scope="col">what it does</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** What went wrong, in full. */
export function reasons(view: ReportView): Markup | undefined {
  const failed = view.document.results.filter(
    ({ error }) => error !== undefined && error.message !== NOT_RUN.message,
  )
  const messages = new Map<string, string[]>()
  for (const { workload, backend, durability, error } of failed) {
    const key = `${backend} ${durability}: ${error?.message}`
    messages.set(key, [...(messages.get(key) ?? []), workload])
  }
  if (messages.size === 0) return undefined
  const items = [...messages].map(
    ([message, workloads]) => html`<li>${message} <span>(${listed(workloads)})</span></li>`,
  )
  return html`<section>
    <h2>Not measured, or not to be trusted</h2>
    <ul class="reasons">
      ${items}
    </ul>
  </section>`
}
