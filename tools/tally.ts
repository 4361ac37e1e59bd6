// Adds up what the runners of the test run report. A runner that ends badly counts as a failure even
// if it reported none.

import type { Outcome } from './checks.ts'

const DETAIL_LINES = 4

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** What failed and with which message, in a few lines each. */
  readonly failures: readonly string[]
}

/** What is read of vitest's JSON report. */
export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[] | null
    }[]
  }[]
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
  }
}

export function tallyOfOutcomes(outcomes: readonly Outcome[]): Tally {
  const bad = outcomes.filter(({ ok }) => !ok)
  const failures = bad.map(({ title, detail = '' }) => entry(title, detail))
  return { passed: outcomes.length - bad.length, failed: bad.length, failures }
}

/** `ok`: vitest exited with success. `report` is missing if it died before writing one. */
export function tallyOfVitest(report: VitestReport | undefined, ok: boolean): Tally {
  const files = report?.testResults ?? []
  const failures = files.flatMap(({ name, status, message = '', assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    // A file that fails outside its tests (in loading, say) has no failed test to be counted by.
    if (failed.length === 0) return status === 'failed' ? [entry(name, message)] : []
    return failed.map(({ fullName, failureMessages }) =>
      entry(`${name}: ${fullName}`, failureMessages?.[0] ?? ''),
    )
  })
  const unknown = (report?.numFailedTests ?? 0) - failures.length
  const incomplete = !ok || report === undefined
  if (unknown > 0 || (failures.length === 0 && incomplete)) {
    failures.push(entry('vitest', 'failed without naming a test; see its output above'))
  }
  return { passed: report?.numPassedTests ?? 0, failed: failures.length, failures }
}

function entry(title: string, detail: string): string {
  const lines = detail.split('\n').filter((line) => line.trim() !== '')
  return [title, ...lines.slice(0, DETAIL_LINES)].join('\n    ')
}
