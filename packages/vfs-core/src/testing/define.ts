// Registers the conformance suite with any test framework that has `describe` and `it`.

import { check, equal } from './assert.ts'
import type { ConformanceCase, ConformanceTarget } from './case.ts'
import { CASE_DEADLINE_MS, planConformance, runCase, type ConformancePlan } from './run.ts'

/** What the suite needs of a framework; Vitest, Jest, Mocha, node:test and Jasmine have it. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown
  /** The third argument is for frameworks that have a timeout of their own; others ignore it. */
  it(name: string, body: () => Promise<void>, timeoutMs?: number): unknown
}

/**
 * Defines one test per case that applies to the target, grouped by requirement, and a last one that
 * says how many ran and which were gated out. Cases run in the environment of the test file; for a
 * target that lives in a worker there is `defineConformanceInWorker`.
 */
export function defineConformance(framework: TestFramework, target: ConformanceTarget): void {
  defineCases(framework, target, (each) => runCase(target, each))
}

/** As `defineConformance`, with each case run by `run`, and `finish` after the last. */
export function defineCases(
  { describe, it }: TestFramework,
  target: Pick<ConformanceTarget, 'name' | 'capabilities'>,
  run: (conformanceCase: ConformanceCase) => Promise<void>,
  finish: () => void = () => {},
): void {
  const plan = planConformance(target)
  const ran = new Set<ConformanceCase>()
  describe(`conformance of ${target.name}`, () => {
    for (const [requirement, cases] of groupByRequirement(plan.cases)) {
      describe(requirement, () => {
        for (const each of cases) {
          const body = async (): Promise<void> => {
            ran.add(each)
            await run(each)
          }
          // A case, and then its clean-up, may each take the deadline.
          it(each.name, body, 2 * (each.deadlineMs ?? CASE_DEADLINE_MS) + 5000)
        }
      })
    }
    it(summaryOf(plan), async () => {
      finish()
      check(plan.cases.length > 0, 'some case applies')
      const missed = plan.cases.filter((each) => !ran.has(each)).map((each) => each.name)
      equal(missed, [], 'cases that did not run')
    })
  })
}

/** E.g. `'ran 201 of 240 cases; gated out: persistence 11, close 2 (persistent is false)'`. */
export function summaryOf({ cases, gated }: ConformancePlan): string {
  const ran = `ran ${cases.length} of ${cases.length + gated.length} cases`
  if (gated.length === 0) return `${ran}; none gated out`
  const reasons = new Map<string, Map<string, number>>()
  for (const { case: each, reason } of gated) {
    const counts = reasons.get(reason) ?? new Map<string, number>()
    counts.set(each.requirement, (counts.get(each.requirement) ?? 0) + 1)
    reasons.set(reason, counts)
  }
  const parts = [...reasons].map(([reason, counts]) => {
    return `${[...counts].map((count) => count.join(' ')).join(', ')} (${reason})`
  })
  return `${ran}; gated out: ${parts.join('; ')}`
}

function groupByRequirement(
  cases: readonly ConformanceCase[],
): ReadonlyMap<string, readonly ConformanceCase[]> {
  const groups = new Map<string, ConformanceCase[]>()
  for (const each of cases) {
    const group = groups.get(each.requirement)
    if (group === undefined) groups.set(each.requirement, [each])
    else group.push(each)
  }
  return groups
}
