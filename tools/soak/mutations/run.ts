// `pnpm soak --mutations`: applies each mutation to a copy of the sources and expects the one test file that
// it names to fail. The checkout itself is never touched.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBrowser, type BrowserName } from '../../browsers.ts'
import { bin, runProcess } from '../../process.ts'
import { table } from '../results.ts'
import { MUTATIONS } from './list.ts'
import { suiteOf, type Mutation, type TestProject } from './mutation.ts'
import { SourceCopy } from './source-copy.ts'

export interface MutationOptions {
  /** Copies that are broken at a time. */
  readonly jobs: number
  /** Only those with this text in `rule N: what it does`. */
  readonly only: string
  /** Only those that these suites have to notice. */
  readonly suites: readonly string[]
}

interface MutationOutcome {
  readonly mutation: Mutation
  /** The first test that failed; undefined if none did. */
  readonly caughtBy: string | undefined
  /** Why it could not be tried at all. */
  readonly broken?: string
  readonly seconds: number
}

interface VitestReport {
  readonly testResults: readonly {
    readonly message?: string
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

const TIMEOUT_MS = 8 * 60_000
/** Enough for each mutation to be noticed. */
const STATES = '24000'
const FAULT_WORKLOADS = '6'
const FLAGS = ['run', '--bail', '1', '--reporter', 'json', '--outputFile']
const BROWSERS: Readonly<Record<TestProject, readonly BrowserName[]>> = {
  node: [],
  chromium: ['chromium'],
  firefox: ['firefox'],
  e2e: ['chromium', 'firefox'],
}

/** The suites that have a mutation to notice. */
export const SUITES: readonly string[] = [...new Set(MUTATIONS.map(suiteOf))]

/** Tries them and prints a table. Returns how many no test has caught. */
export async function runMutations({ jobs, only, suites }: MutationOptions): Promise<number> {
  const chosen = MUTATIONS.filter(
    (mutation) => suites.includes(suiteOf(mutation)) && titleOf(mutation).includes(only),
  )
  await ensureBrowsers(chosen)
  const outcomes: MutationOutcome[] = []
  // Tests in browsers share the bundles of dependencies in node_modules, so only one runs at a time.
  const isInNode = ({ project = 'node' }: Mutation): boolean => project === 'node'
  const queues = {
    node: chosen.filter(isInNode),
    browser: chosen.filter((mutation) => !isInNode(mutation)),
  }
  const work = async (first: Mutation[], second: Mutation[]): Promise<void> => {
    const copy = new SourceCopy()
    try {
      for (;;) {
        const next = first.shift() ?? second.shift()
        if (next === undefined) return
        const outcome = await tryMutation(copy, next)
        outcomes.push(outcome)
        console.log(describe(outcome))
      }
    } finally {
      copy.remove()
    }
  }
  const others = Array.from({ length: jobs - 1 }, () => work(queues.node, []))
  await Promise.all([work(queues.browser, queues.node), ...others])
  outcomes.sort((a, b) => chosen.indexOf(a.mutation) - chosen.indexOf(b.mutation))
  print(outcomes)
  return outcomes.filter(({ caughtBy }) => caughtBy === undefined).length
}

async function ensureBrowsers(mutations: readonly Mutation[]): Promise<void> {
  const names = new Set(mutations.flatMap(({ project = 'node' }) => BROWSERS[project]))
  for (const name of names) await ensureBrowser(name, { log: console.log })
}

function titleOf({ rule, what }: Mutation): string {
  return `rule ${rule}: ${what}`
}

function describe({ mutation, caughtBy, broken, seconds }: MutationOutcome): string {
  const title = `${suiteOf(mutation)}: ${titleOf(mutation)}`
  const result = broken ?? caughtBy ?? 'no test notices'
  return `${caughtBy === undefined ? '✗' : '✓'} ${title}: ${result} (${seconds.toFixed(0)} s)`
}

function print(outcomes: readonly MutationOutcome[]): void {
  const rows = outcomes.map(({ mutation, caughtBy, broken }) => [
    suiteOf(mutation),
    titleOf(mutation),
    broken ?? caughtBy ?? 'NOT CAUGHT',
  ])
  const counts = SUITES.flatMap((suite) => {
    const own = outcomes.filter(({ mutation }) => suiteOf(mutation) === suite)
    if (own.length === 0) return []
    const caught = own.filter(({ caughtBy }) => caughtBy !== undefined)
    return [[suite, `${caught.length} of ${own.length} caught`]]
  })
  console.log(`\n${table(rows)}\n\n${table(counts)}`)
}

async function tryMutation(copy: SourceCopy, mutation: Mutation): Promise<MutationOutcome> {
  const started = performance.now()
  const outcome = (caughtBy: string | undefined, broken?: string): MutationOutcome => {
    const seconds = (performance.now() - started) / 1000
    return { mutation, caughtBy, seconds, ...(broken !== undefined && { broken }) }
  }
  try {
    copy.apply(mutation)
    return outcome(await firstFailure(copy, mutation))
  } catch (error) {
    return outcome(undefined, error instanceof Error ? error.message : String(error))
  } finally {
    copy.restore()
  }
}

async function firstFailure(
  copy: SourceCopy,
  { test, named, project = 'node' }: Mutation,
): Promise<string | undefined> {
  const report = join(copy.directory, 'report.json')
  rmSync(report, { force: true })
  const selection = ['--project', project, ...(named === undefined ? [] : ['-t', named])]
  const { failure, output } = await runProcess(
    [...bin('vitest', 'vitest.mjs'), ...FLAGS, report, test, ...selection],
    {
      cwd: copy.directory,
      env: { CRASH_STATES: STATES, FAULT_WORKLOADS, CRASH_SHRINK: 'no' },
      timeoutMs: TIMEOUT_MS,
    },
  )
  if (!existsSync(report)) throw new Error(`vitest wrote no report: ${failure}\n${output}`)
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  if (failure === undefined) {
    if (results.some(({ status }) => status === 'passed')) return undefined
    throw new Error(`${test} has no test named '${named}'`)
  }
  const failed = results.find(({ status }) => status === 'failed')
  // A file that does not even load has caught nothing.
  if (failed === undefined) throw new Error(testResults[0]?.message ?? failure)
  return failed.title
}
