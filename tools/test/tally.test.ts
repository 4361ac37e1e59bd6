import { expect, test } from 'vitest'
import { sum, tallyOfOutcomes, tallyOfVitest, type VitestReport } from '../tally.ts'

function report(...files: readonly (readonly string[])[]): VitestReport {
  const statuses = files.flat()
  return {
    numPassedTests: statuses.filter((status) => status === 'passed').length,
    numFailedTests: statuses.filter((status) => status === 'failed').length,
    testResults: files.map((tests, index) => ({
      name: `${index}.test.ts`,
      message: '',
      status: tests.includes('failed') || tests.length === 0 ? 'failed' : 'passed',
      assertionResults: tests.map((status, test) => ({
        status,
        fullName: `test ${test}`,
        failureMessages: status === 'failed' ? ['Error: no\n    at a.ts:1'] : [],
      })),
    })),
  }
}

test('tests are counted one by one, and the failed ones named with their message', () => {
  const tally = tallyOfVitest(report(['passed', 'failed'], ['passed']), false)
  expect(tally).toMatchObject({ passed: 2, failed: 1 })
  expect(tally.failures).toEqual(['0.test.ts: test 1\n    Error: no\n        at a.ts:1'])
})

test('a file that does not load is a failure besides those of other files', () => {
  const tally = tallyOfVitest(report([], ['passed', 'failed']), false)
  expect(tally).toMatchObject({ passed: 1, failed: 2 })
  expect(tally.failures[0]).toBe('0.test.ts')
})

test('a run that ends badly after its tests passed is a failure', () => {
  expect(tallyOfVitest(report(['passed']), false)).toMatchObject({ passed: 1, failed: 1 })
})

test('a run that reports nothing is a failure, whatever its exit code', () => {
  expect(tallyOfVitest(undefined, false)).toMatchObject({ passed: 0, failed: 1 })
  expect(tallyOfVitest(undefined, true)).toMatchObject({ passed: 0, failed: 1 })
})

test('each check counts as one, and all runners are added up', () => {
  const checks = tallyOfOutcomes([
    { title: 'lint', ok: true },
    { title: 'format', ok: false, detail: 'a.ts' },
  ])
  expect(sum([checks, { passed: 3, failed: 0, failures: [] }])).toEqual({
    passed: 4,
    failed: 1,
    failures: ['format\n    a.ts'],
  })
})
