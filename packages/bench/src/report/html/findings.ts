// The findings as cards. Called by page.ts.

import { findingsOf, type Finding } from '../findings.ts'
import { quantity, ratio } from '../numbers.ts'
import { html, type Markup } from './markup.ts'
import { isOurs, type Level, type ReportView } from './view.ts'

export function findings(view: ReportView, level: Level): Markup {
  return html`<ul class="cards">
    ${findingsOf(view, level).map((finding) => renderCard(finding))}
  </ul>`
}

function renderCard({ title, first, leaders, behind, without }: Finding): Markup {
  const toMemory =
    first.ratio === undefined ? undefined : html`, ${ratio(first.ratio.value)} memory`
  return html`<li>
    <h3>${title}</h3>
    <p class="big">${quantity(first.figure.value, first.unit)}</p>
    <p>
      ${leaders.length > 1 ? 'equal within noise: ' : ''}<b>${leaders.join(', ')}</b>${toMemory}
    </p>
    <ul>
      ${behind.map(({ backend, times }) => row(backend, ratio(times)))}
      ${without.map(({ backend, word }) => row(backend, word))}
    </ul>
  </li>`
}

function row(backend: string, text: string): Markup {
  return html`<li>
    <span class="${isOurs(backend) ? 'ours' : ''}">${backend}</span> <b>${text}</b>
  </li>`
}
