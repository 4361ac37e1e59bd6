// The whole test run, `pnpm test`: browsers, static checks, build, package checks, then the test
// projects, with one total as its last line. With arguments it is vitest itself, after making sure of
// the browsers: `pnpm test --project firefox packages/vfs-core/test/conformance`.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BROWSER_NAMES, ensureBrowser } from './browsers.ts'
import { report, runCheck, STATIC_CHECKS, type Outcome } from './checks.ts'
import { packageChecks } from './packages.ts'
import { bin, runProcess } from './process.ts'
import { ROOT } from './workspace.ts'

interface Tally {
  readonly passed: number
  readonly failed: number
}

/** What vitest's JSON report says; the rest of it is not needed here. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

const VITEST = bin('vitest', 'vitest.mjs')
const VITEST_TIMEOUT_MS = 12 * 60_000

/** In this order, because a failure that comes early is found early. */
const RUNS: readonly (readonly string[])[] = [['node'], [...BROWSER_NAMES], ['e2e']]

async function everything(): Promise<Tally> {
  const tallies: Tally[] = []
  heading('browsers')
  tallies.push(count(await browsers()))

  heading('static checks')
  for (const check of STATIC_CHECKS) tallies.push(count([await runCheck(check)]))

  heading('build')
  const tsx = bin('tsx', 'dist/cli.mjs')
  const build = await runCheck({ title: 'build', command: [...tsx, 'tools/build.ts'] })
  tallies.push(count([build]))

  heading('packages')
  if (build.ok) tallies.push(count(await packageChecks()))
  else tallies.push(count([report({ title: 'no build to check', ok: false }, performance.now())]))

  for (const projects of RUNS) {
    heading(`tests: ${projects.join(', ')}`)
    tallies.push(await vitest(projects))
  }
  return tallies.reduce(add)
}

async function browsers(): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const name of BROWSER_NAMES) {
    const started = performance.now()
    try {
      const { executablePath, version } = await ensureBrowser(name, { log: console.log })
      // The runs below use the one that was seen to start.
      process.env[`${name.toUpperCase()}_PATH`] = executablePath
      const title = `${name}: ${executablePath}, version ${version}`
      outcomes.push(report({ title, ok: true }, started))
    } catch (error) {
      outcomes.push(report({ title: name, ok: false, detail: String(error) }, started))
    }
  }
  return outcomes
}

/** Runs projects of vitest.config.ts; a run that ends badly without a failed test is one failure. */
async function vitest(projects: readonly string[]): Promise<Tally> {
  const scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-test-'))
  try {
    const file = join(scratch, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const selection = projects.map((name) => `--project=${name}`)
    const { ok, failure } = await runProcess([...VITEST, 'run', ...selection, ...reporters], {
      echo: true,
      timeoutMs: VITEST_TIMEOUT_MS,
    })
    const text = await readFile(file, 'utf8').catch(() => undefined)
    const tally = text === undefined ? { passed: 0, failed: 0 } : read(JSON.parse(text))
    if (ok || tally.failed > 0) return tally
    console.log(`✗ vitest ended badly: ${failure}`)
    return { ...tally, failed: 1 }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function read(result: VitestReport): Tally {
  // A file that fails outside its tests (in loading, say) has no failed test to be counted by.
  const brokenFiles = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  if (result.numPendingTests > 0) console.log(`${result.numPendingTests} tests did not run`)
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + brokenFiles.length,
  }
}

function count(outcomes: readonly Outcome[]): Tally {
  const passed = outcomes.filter(({ ok }) => ok).length
  return { passed, failed: outcomes.length - passed }
}

function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed }
}

function heading(text: string): void {
  console.log(`\n── ${text}`)
}

/** Hands the terminal to vitest. */
async function selected(args: readonly string[]): Promise<number> {
  if (!/--project[= ]node\b/.test(args.join(' '))) await browsers()
  const [command = '', ...rest] = [...VITEST, 'run', ...args]
  const child = spawn(command, rest, { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

const args = process.argv.slice(2)
if (args.length > 0) {
  process.exitCode = await selected(args)
} else {
  const { passed, failed } = await everything()
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
