// The whole test run, `pnpm test`: browsers, static checks, build, package checks, then the test
// projects, with one total as its last line. With arguments it is vitest itself, after making sure of
// the browsers: `pnpm test --project firefox packages/vfs-core/test/conformance`.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BROWSER_NAMES, ensureBrowser, findBrowser } from './browsers.ts'
import { report, runCheck, STATIC_CHECKS, type Outcome } from './checks.ts'
import { packageChecks } from './packages.ts'
import { bin, runProcess } from './process.ts'
import { sum, tallyOfOutcomes, tallyOfVitest, type Tally } from './tally.ts'
import { ensureWebKit, findWebKit } from './webkit.ts'
import { ROOT } from './workspace.ts'

const VITEST = bin('vitest', 'vitest.mjs')
const SILENCE_REPORTER = join(ROOT, 'tools/silence-reporter.ts')

const WEBKIT = 'webkit'
/** In this order, because a failure that comes early is found early. */
const RUNS: readonly (readonly string[])[] = [['node'], [...BROWSER_NAMES], [WEBKIT], ['e2e']]

async function everything(): Promise<Tally> {
  heading('browsers')
  const outcomes = await browsers()
  const withWebKit = await webkit(outcomes)

  heading('static checks')
  for (const check of STATIC_CHECKS) outcomes.push(await runCheck(check))

  heading('build and packages')
  const tsx = bin('tsx', 'dist/cli.mjs')
  const build = await runCheck({ title: 'build', command: [...tsx, 'tools/build.ts'] })
  outcomes.push(build)
  if (build.ok) outcomes.push(...(await packageChecks()))

  const tallies = [tallyOfOutcomes(outcomes)]
  for (const projects of RUNS) {
    if (projects.includes(WEBKIT) && !withWebKit) continue
    heading(`tests: ${projects.join(', ')}`)
    tallies.push(await vitest(projects))
  }
  return sum(tallies)
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

/** WebKitGTK only exists for Linux, and is no failure where it is not and nobody may install it. */
async function webkit(outcomes: Outcome[]): Promise<boolean> {
  const started = performance.now()
  try {
    const installation = await ensureWebKit(console.log)
    if (installation === undefined) {
      console.log('- webkit: neither installed nor to be installed here; its tests are not run')
      return false
    }
    const title = `webkit: ${installation.executablePath}, WebKitGTK ${installation.version}`
    outcomes.push(report({ title, ok: true }, started))
    return true
  } catch (error) {
    outcomes.push(report({ title: WEBKIT, ok: false, detail: String(error) }, started))
    return false
  }
}

/** Runs projects of vitest.config.ts. */
async function vitest(projects: readonly string[]): Promise<Tally> {
  const scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-test-'))
  try {
    const file = join(scratch, 'report.json')
    const reporters = [
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
      `--reporter=${SILENCE_REPORTER}`,
    ]
    const selection = projects.map((name) => `--project=${name}`)
    const { ok, failure } = await runProcess([...VITEST, 'run', ...selection, ...reporters], {
      echo: true,
      // SilenceReporter ends a run that stands still.
      timeoutMs: undefined,
    })
    if (!ok) console.log(`✗ vitest: ${failure}`)
    // Missing if vitest died before writing it.
    const text = await readFile(file, 'utf8').catch(() => undefined)
    return tallyOfVitest(text === undefined ? undefined : JSON.parse(text), ok)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function heading(text: string): void {
  console.log(`\n── ${text}`)
}

/** Hands the terminal to vitest, once the browsers that the selected projects need are there. */
async function selected(args: readonly string[]): Promise<number> {
  const projects = [...args.join(' ').matchAll(/--project[= ](\S+)/g)].map((match) => match[1])
  for (const name of BROWSER_NAMES) {
    const wanted = projects.length === 0 || projects.includes(name) || projects.includes('e2e')
    if (wanted && (await findBrowser(name)) === undefined) {
      await ensureBrowser(name, { log: console.log })
    }
  }
  const wantsWebKit = projects.length === 0 || projects.includes(WEBKIT) || projects.includes('e2e')
  if (wantsWebKit && (await findWebKit()) === undefined) await ensureWebKit(console.log)
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
  const { passed, failed, failures } = await everything()
  // Again, because what ran after a failure has scrolled it away.
  if (failures.length > 0) heading('failed')
  for (const failure of failures) console.log(`✗ ${failure}`)
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
