// Adds up what the runners of the test run report. A runner that ends badly counts as a failure even
// if it reported none.

import type { Outcome } from './checks.ts'

export interface Tally {
  readonly passed: number
  readonly failed: number
}

/** What is read of vitest's JSON report. */
export interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
  }
}

export function tallyOfOutcomes(outcomes: readonly Outcome[]): Tally {
  const passed = outcomes.filter(({ ok }) => ok).length
  return { passed, failed: outcomes.length - passed }
}

/** `ok`: vitest exited with success. `report` is missing if it died before writing one. */
export function tallyOfVitest(report: VitestReport | undefined, ok: boolean): Tally {
  const passed = report?.numPassedTests ?? 0
  // A file that fails outside its tests (in loading, say) has no failed test to be counted by.
  const brokenFiles = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  const failed = (report?.numFailedTests ?? 0) + brokenFiles.length
  const incomplete = !ok || report === undefined
  return { passed, failed: failed === 0 && incomplete ? 1 : failed }
}
