// Finds the browsers that tests and benchmarks drive, installs them where none is found, and launches
// them on a persistent profile. Called by tools/test.ts, vitest.config.ts, the end-to-end tests and
// packages/bench. Relies on Playwright for driving both stock browsers and its own builds.

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, firefox, type BrowserContext, type LaunchOptions } from 'playwright'
import { aptInstall, isExecutable, onPath, rootPrefix } from './apt.ts'
import { bin, runProcess } from './process.ts'

export type BrowserName = 'chromium' | 'firefox'
export const BROWSER_NAMES: readonly BrowserName[] = ['chromium', 'firefox']

export interface BrowserInstallation {
  readonly name: BrowserName
  readonly executablePath: string
  /** As the browser itself reports it, e.g. `'153.7.0esr'`. */
  readonly version: string
}

export interface EnsureOptions {
  /** Told what is being tried, one line at a time. */
  readonly log?: (line: string) => void
}

export interface LaunchSettings {
  /** Besides those that every start has. */
  readonly args?: readonly string[]
  readonly headless?: boolean
}

const PLAYWRIGHT = { chromium, firefox }

/** Environment variables that name an executable, which is then the only one considered. */
const OVERRIDE = { chromium: 'CHROMIUM_PATH', firefox: 'FIREFOX_PATH' } as const

const COMMANDS = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
  firefox: ['firefox-esr', 'firefox'],
} as const

const MACOS_APPLICATIONS = {
  chromium: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  firefox: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
} as const

const APT_PACKAGES = { chromium: 'chromium', firefox: 'firefox-esr' } as const

const CHROMIUM_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const VERSION_TIMEOUT_MS = 20_000
const LAUNCH_TIMEOUT_MS = 60_000
const PROBE_TIMEOUT_MS = 30_000
const INSTALL_TIMEOUT_MS = 8 * 60_000

const run = promisify(execFile)

/**
 * The first installed browser of that name: the one named by CHROMIUM_PATH or FIREFOX_PATH, else on
 * PATH, else Playwright's own build. `undefined` if there is none.
 */
export async function findBrowser(name: BrowserName): Promise<BrowserInstallation | undefined> {
  for (const path of await candidates(name)) {
    const version = await versionOf(path)
    if (version !== undefined) return { name, executablePath: path, version }
  }
  return undefined
}

/**
 * A browser that was seen to start. Tries what is installed, then Playwright's own build, then the
 * system's package manager; throws an Error that lists each attempt if none of them works.
 */
export async function ensureBrowser(
  name: BrowserName,
  options: EnsureOptions = {},
): Promise<BrowserInstallation> {
  const log = options.log ?? (() => {})
  const tried: string[] = []
  const rejected = new Set<string>()

  const firstThatStarts = async (): Promise<BrowserInstallation | undefined> => {
    for (const path of await candidates(name)) {
      if (rejected.has(path)) continue
      const version = await versionOf(path)
      const failure =
        version === undefined
          ? 'does not report a version'
          : await startFailure({ name, executablePath: path, version })
      if (version !== undefined && failure === undefined) {
        return { name, executablePath: path, version }
      }
      rejected.add(path)
      tried.push(`${path}: ${failure}`)
    }
    return undefined
  }

  const installed = await firstThatStarts()
  if (installed !== undefined) return installed

  if (process.env[OVERRIDE[name]] === undefined) {
    for (const step of await installSteps(name)) {
      if (step.applies !== undefined && !(await step.applies())) continue
      log(`no working ${name} yet: ${step.title}`)
      const failure = await runStep(step)
      tried.push(`${step.title}: ${failure ?? 'done, but no browser was found that starts'}`)
      // A build that lacked a system library before this step may start now.
      rejected.clear()
      const found = await firstThatStarts()
      if (found !== undefined) return found
    }
  }
  throw new Error(
    [
      `No ${name} could be found or installed.`,
      ...tried.map((line) => `  - ${line}`),
      `Install ${COMMANDS[name][0]} with your system's package manager (Debian: apt-get install ` +
        `${APT_PACKAGES[name]}), or set ${OVERRIDE[name]} to the path of its executable.`,
    ].join('\n'),
  )
}

/** Playwright's launch options for an installation; the same for tests, benchmarks and kill tests. */
export function launchOptions(installation: BrowserInstallation): LaunchOptions {
  const { name, executablePath } = installation
  if (name === 'chromium') return { executablePath, args: [...CHROMIUM_ARGS] }
  // Playwright drives its own patched Firefox by its own protocol, a stock one by WebDriver BiDi.
  if (executablePath === playwrightExecutable('firefox')) return { executablePath }
  return { executablePath, channel: 'moz-firefox' }
}

/**
 * Starts a browser on a profile directory, which is made if missing. Only such a persistent context
 * keeps OPFS on disk; an incognito one keeps it in memory.
 */
export async function launchPersistent(
  installation: BrowserInstallation,
  profileDirectory: string,
  settings: LaunchSettings = {},
): Promise<BrowserContext> {
  const options = launchOptions(installation)
  return PLAYWRIGHT[installation.name].launchPersistentContext(profileDirectory, {
    ...options,
    args: [...(options.args ?? []), ...(settings.args ?? [])],
    headless: settings.headless ?? true,
    timeout: LAUNCH_TIMEOUT_MS,
  })
}

async function candidates(name: BrowserName): Promise<string[]> {
  const override = process.env[OVERRIDE[name]]
  if (override !== undefined) return [override]
  const commands = COMMANDS[name].flatMap(onPath)
  const applications = process.platform === 'darwin' ? MACOS_APPLICATIONS[name] : []
  const own = playwrightExecutable(name)
  const all = [...commands, ...applications, ...(own === undefined ? [] : [own])]
  const present = await Promise.all(all.map(isExecutable))
  return all.filter((_, index) => present[index])
}

/** Where Playwright's own build is, or would be; it throws on platforms that it does not support. */
function playwrightExecutable(name: BrowserName): string | undefined {
  try {
    return PLAYWRIGHT[name].executablePath()
  } catch {
    return undefined
  }
}

/** A launcher that only tells how to get the browser (as Ubuntu's do) reports no version. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: VERSION_TIMEOUT_MS })
    return /\d+\.[\w.]+/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

/** Why an installation does not start on a profile, in one line; `undefined` if it does. */
async function startFailure(installation: BrowserInstallation): Promise<string | undefined> {
  const profile = await mkdtemp(join(tmpdir(), 'wasm-vfs-browser-'))
  try {
    const context = await launchPersistent(installation, profile)
    try {
      const page = await context.newPage()
      await page.goto('data:text/html,ok', { timeout: PROBE_TIMEOUT_MS })
    } finally {
      await context.close()
    }
    return undefined
  } catch (error) {
    return firstLine(error)
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
  }
}

interface InstallStep {
  readonly title: string
  /** Whether the step can help, asked when its turn comes; default true. */
  readonly applies?: () => Promise<boolean>
  readonly commands: readonly (readonly string[])[]
}

async function installSteps(name: BrowserName): Promise<InstallStep[]> {
  const playwright = (...args: string[]): string[] => [...bin('playwright', 'cli.js'), ...args]
  const steps: InstallStep[] = [
    { title: `playwright install ${name}`, commands: [playwright('install', name)] },
  ]
  const asRoot = await rootPrefix()
  if (asRoot === undefined) return steps
  // Only worth the time when Playwright's build is there and lacks libraries.
  const own = playwrightExecutable(name)
  if (own !== undefined) {
    steps.push({
      title: `playwright install-deps ${name}`,
      applies: () => isExecutable(own),
      commands: [playwright('install-deps', name)],
    })
  }
  steps.push({
    title: `apt-get install ${APT_PACKAGES[name]}`,
    commands: aptInstall(asRoot, [APT_PACKAGES[name]]),
  })
  return steps
}

/** Runs the commands of a step in order; the first failure in one line, or `undefined`. */
async function runStep(step: InstallStep): Promise<string | undefined> {
  for (const command of step.commands) {
    const { failure, output } = await runProcess(command, { timeoutMs: INSTALL_TIMEOUT_MS })
    if (failure === undefined) continue
    const reason = output.split('\n').find((line) => /error|^E:/i.test(line))
    return reason === undefined ? failure : `${failure}, ${reason.trim()}`
  }
  return undefined
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}
