// Holds a run against the bars of the backends that took part, and says for each figure whether it is
// met. Called by cli.ts.

import type { BenchDocument } from '../schema.ts'
import { browserTitle } from '../report/browsers.ts'
import { amount } from '../report/numbers.ts'
import type { BarList, Held } from './bars/bar.ts'
import { BAR_LISTS } from './bars/index.ts'
import { ROUNDS_ENOUGH, type Estimate } from '../interval.ts'
import { RunView } from './run-view.ts'

const FEW_ROUNDS =
  'Fewer than five rounds: intervals are too narrow, and a single sample has none. What reads as not ' +
  'met may be noise; repeat with --samples 5.'

const NO_BARS = 'None of the backends in this run has bars.'

/** `equal`: above the bar, but the intervals overlap, so the run cannot tell them apart. */
export type Judgement = 'met' | 'equal' | 'not met'

export interface Verdict {
  readonly text: string
  /** Whether every figure that the run has is met or equal. */
  readonly passed: boolean
}

export function judge({ measured, bar }: Held): Judgement {
  if (measured.value <= bar.value) return 'met'
  return measured.low <= bar.high ? 'equal' : 'not met'
}

export function verdictOn(document: BenchDocument, lists: readonly BarList[] = BAR_LISTS): Verdict {
  const run = new RunView(document)
  const counts: Record<Judgement, number> = { met: 0, equal: 0, 'not met': 0 }
  const sections: string[] = []
  for (const { backend, bars } of lists) {
    if (!run.hasBackend(backend)) continue
    const missing: string[] = []
    for (const { title, words, held } of bars) {
      const all = held(run)
      if (all.length === 0) missing.push(title)
      else sections.push(`${backend}, ${title}: at most ${words}\n${lines(all)}`)
      for (const each of all) counts[judge(each)]++
    }
    if (missing.length > 0) {
      sections.push(`${backend}: no figures in this run for: ${missing.join('; ')}`)
    }
  }
  if (sections.length === 0) sections.push(NO_BARS)
  const { browser, date, commit } = document.env
  const parts = [
    `${browserTitle(browser.name)} ${browser.version}, ${date}${commit === undefined ? '' : `, ${commit}`}, ` +
      `${document.rounds} ${document.rounds === 1 ? 'round' : 'rounds'}` +
      (document.complete ? '' : ', ended early'),
    ...(document.rounds < ROUNDS_ENOUGH ? [FEW_ROUNDS] : []),
    ...sections,
    `${counts.met} met, ${counts.equal} equal within intervals, ${counts['not met']} not met`,
  ]
  return { text: parts.join('\n\n'), passed: counts['not met'] === 0 }
}

function lines(all: readonly Held[]): string {
  const rows = all.map((each) => ({
    what: each.what,
    measured: shown(each.measured),
    bar: shown(each.bar),
    rest: `${each.unit.padEnd(10)}  ${judge(each)}`,
  }))
  const width = (column: 'what' | 'measured' | 'bar'): number =>
    Math.max(...rows.map((cells) => cells[column].length))
  return rows
    .map(
      ({ what, measured, bar, rest }) =>
        `  ${what.padEnd(width('what'))}  ${measured.padStart(width('measured'))}  ` +
        `bar ${bar.padStart(width('bar'))}  ${rest}`,
    )
    .join('\n')
}

function shown({ value, low, high }: Estimate): string {
  return low === high ? amount(value) : `${amount(value)} [${amount(low)} … ${amount(high)}]`
}
