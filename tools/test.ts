// The whole test run. `pnpm test` runs the quick tier and `pnpm test --all` every test there is (tools/tiers.ts):
// browsers, static checks, build, package checks and the test projects, with the total as its last line. With
// other arguments it is vitest itself, after making sure of the browsers:
// `pnpm test --project firefox packages/vfs-core/test/conformance`.

import { spawn } from 'node:child_process'
import { startVitest } from 'vitest/node'
import { BROWSER_NAMES, ensureBrowser, findBrowser } from './browsers.ts'
import { report, runCheck, STATIC_CHECKS, type Outcome } from './checks.ts'
import { packageChecks } from './packages.ts'
import { bin, runProcess } from './process.ts'
import { enterRun } from './run-directory.ts'
import { RunReporter, type Failure, type FileTime } from './run-reporter.ts'
import { projectsIn, TIER_VARIABLE, type Tier } from './tiers.ts'
import { ensureWebKit, findWebKit } from './webkit.ts'
import { ROOT } from './workspace.ts'

const TSX = bin('tsx', 'dist/cli.mjs')
const WEBKIT = 'webkit'
/** T of the machine for which the deadlines of tests were chosen, in seconds. */
const REFERENCE_T = 1.4
const SLOWEST_FILES = 10

const phases: FileTime[] = []
const outcomes: Outcome[] = []

async function everything(tier: Tier): Promise<void> {
  process.env[TIER_VARIABLE] = tier
  await phase('how slow this machine is', measure)

  heading('browsers and static checks')
  const checking = Promise.all(STATIC_CHECKS.map((check) => runCheck(check)))
  await phase('browsers', browsers)
  const withWebKit = tier === 'all' && (await phase(WEBKIT, webkit))
  await phase('static checks', async () => outcomes.push(...(await checking)))

  heading('packages and tests')
  const projects = projectsIn(tier).filter((name) => name !== WEBKIT || withWebKit)
  const reporter = new RunReporter()
  await Promise.all([
    phase('build and packages', buildAndPackages),
    phase('tests', () =>
      startVitest('test', [], { run: true, project: projects, reporters: [reporter] }),
    ),
  ])
  summarize(reporter)
}

async function phase<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now()
  try {
    return await work()
  } finally {
    phases.push({ title, seconds: (performance.now() - started) / 1000 })
  }
}

/** Gives the tests the factor for their deadlines. */
async function measure(): Promise<void> {
  const { ok, output, failure } = await runProcess([...TSX, 'tools/machine-speed.ts'])
  const seconds = Number(output)
  const isKnown = ok && seconds > 0
  outcomes.push({ title: 'PGlite starts in Node', ok: isKnown, detail: `${output}\n${failure}` })
  if (!isKnown) return
  process.env['TEST_SLOWNESS'] = String(Math.max(1, seconds / REFERENCE_T))
  console.log(`T = ${seconds.toFixed(1)} s (PGlite makes a database in memory)`)
}

async function browsers(): Promise<void> {
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
}

/** WebKitGTK only exists for Linux, and is no failure where it is not and nobody may install it. */
async function webkit(): Promise<boolean> {
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

async function buildAndPackages(): Promise<void> {
  const build = await runCheck({ title: 'build', command: [...TSX, 'tools/build.ts'] })
  outcomes.push(build)
  if (build.ok) outcomes.push(...(await packageChecks()))
}

/** Where time went, what failed, and the total, which .ci/run reads as the last line. */
function summarize(reporter: RunReporter): void {
  heading('time')
  for (const each of phases) console.log(timeLine(each))
  const slowest = reporter.files.toSorted((a, b) => b.seconds - a.seconds)
  console.log(`  the slowest of ${slowest.length} test files:`)
  for (const each of slowest.slice(0, SLOWEST_FILES)) console.log(timeLine(each))

  const failed = outcomes.filter(({ ok }) => !ok)
  const failures: Failure[] = [
    ...failed.map(({ title, detail }) => ({ title, print: () => console.log(detail) })),
    ...reporter.failures,
  ]
  if (failures.length > 0) heading('failed')
  for (const { title, print } of failures) {
    console.log(`✗ ${title}`)
    print()
  }
  const passed = reporter.passed + outcomes.length - failed.length
  console.log(`\n${passed} passed, ${failures.length} failed`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

function timeLine({ title, seconds }: FileTime): string {
  return `${seconds.toFixed(1).padStart(8)} s  ${title}`
}

function heading(text: string): void {
  console.log(`\n── ${text}`)
}

/** Hands the terminal to vitest, once the browsers that the selected projects need are there. */
async function selected(args: readonly string[]): Promise<number> {
  const projects = [...args.join(' ').matchAll(/--project[= ](\S+)/g)].map((match) => match[1])
  const drivesBrowsers =
    projects.length === 0 || projects.includes('e2e') || projects.includes('smoke')
  for (const name of BROWSER_NAMES) {
    const isWanted = drivesBrowsers || projects.includes(name)
    if (isWanted && (await findBrowser(name)) === undefined) {
      await ensureBrowser(name, { log: console.log })
    }
  }
  const wantsWebKit = drivesBrowsers || projects.includes(WEBKIT)
  if (wantsWebKit && (await findWebKit()) === undefined) await ensureWebKit(console.log)
  const [command = '', ...rest] = [...bin('vitest', 'vitest.mjs'), 'run', ...args]
  const child = spawn(command, rest, { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

process.chdir(ROOT)
enterRun()
const args = process.argv.slice(2)
if (args.length === 0) await everything('quick')
else if (args.length === 1 && args[0] === '--all') await everything('all')
else process.exitCode = await selected(args)
// Vitest may leave a socket or a timer open, which would keep this process.
process.exit()
