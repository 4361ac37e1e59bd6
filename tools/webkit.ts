// WebKitGTK's MiniBrowser: finding it, installing it, and opening a page in it on a profile directory.
// Nothing can drive such a page from outside (a WebDriver session is private and keeps nothing), so it
// has to report by itself, to the server that it came from. Called by webkit-provider.ts, the
// end-to-end tests and packages/bench. WebKitGTK shares its engine with Safari, but it is not Safari.

import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { aptInstall, findCommand, isExecutable, onPath, rootPrefix } from './apt.ts'
import { runProcess } from './process.ts'

export interface WebKitInstallation {
  readonly executablePath: string
  /** Of WebKitGTK, e.g. `'2.50.6'`. */
  readonly version: string
}

export interface WebKitSettings {
  /** Where storage is kept, from one launch to the next; made if missing. */
  readonly profileDir: string
  /** A private window, which keeps nothing; default false. */
  readonly private?: boolean
  /** Default: the one that `findWebKit` finds. */
  readonly installation?: WebKitInstallation
  /** The browser is ended after so long, in milliseconds, whatever it does. Default 15 minutes. */
  readonly deadlineMs?: number
}

export interface WebKitBrowser {
  /** Resolves when the browser is gone, with the reason: closed, its deadline, or how it failed. */
  readonly exited: Promise<string>
  /** Ends all its processes with SIGKILL, and resolves when they are gone. Calling it again is fine. */
  close(): Promise<void>
}

/** An environment variable that names MiniBrowser, which is then the only one considered. */
const OVERRIDE = 'WEBKIT_PATH'
const APT_PACKAGES: readonly string[] = ['webkit2gtk-driver', 'xvfb']
const LIBRARIES: readonly string[] = ['/usr/lib', '/usr/libexec', '/usr/lib64']
const VERSION_TIMEOUT_MS = 20_000
const INSTALL_TIMEOUT_MS = 8 * 60_000
const DISPLAY_TIMEOUT_MS = 20_000
const DISPLAY_ATTEMPTS = 5
const SCREEN = '1280x1024x24'
const START_TIMEOUT_MS = 60_000
const EXIT_TIMEOUT_MS = 10_000
const DEADLINE_MS = 15 * 60_000

const run = promisify(execFile)

/**
 * The installed MiniBrowser, with an X server to show it to: the one named by WEBKIT_PATH, else on PATH,
 * else where distributions keep it. `undefined` if either is missing.
 */
export async function findWebKit(): Promise<WebKitInstallation | undefined> {
  if (process.platform !== 'linux' || (await findCommand('Xvfb')) === undefined) return undefined
  for (const path of await candidates()) {
    if (!(await isExecutable(path))) continue
    const version = await versionOf(path)
    if (version !== undefined) return { executablePath: path, version }
  }
  return undefined
}

/**
 * A WebKitGTK that was seen to load a page, installed with apt if need be. `undefined` where it cannot
 * be had: not on Linux, or not installed and nothing may be. Rejects if it is there and does not work.
 */
export async function ensureWebKit(
  log: (line: string) => void = () => {},
): Promise<WebKitInstallation | undefined> {
  let installation = await findWebKit()
  if (installation === undefined) {
    const prefix = process.platform === 'linux' ? await rootPrefix() : undefined
    if (prefix === undefined || process.env[OVERRIDE] !== undefined) return undefined
    log(`no WebKitGTK yet: apt-get install ${APT_PACKAGES.join(' ')}`)
    for (const command of aptInstall(prefix, APT_PACKAGES)) {
      const { failure, output } = await runProcess(command, { timeoutMs: INSTALL_TIMEOUT_MS })
      if (failure !== undefined) throw new Error(`${command.join(' ')}: ${failure}\n${output}`)
    }
    installation = await findWebKit()
    if (installation === undefined) throw new Error('WebKitGTK was installed, but is not found')
  }
  await seeItStart(installation)
  return installation
}

/** Opens `url` in a new browser on `profileDir`. */
export async function launchWebKit(url: string, settings: WebKitSettings): Promise<WebKitBrowser> {
  const { profileDir, deadlineMs = DEADLINE_MS } = settings
  const installation = settings.installation ?? (await findWebKit())
  if (installation === undefined) {
    throw new Error(
      `WebKitGTK is not installed (Debian: apt-get install ${APT_PACKAGES.join(' ')})`,
    )
  }
  const display = await startDisplay()
  const argv = [
    installation.executablePath,
    ...(settings.private === true ? ['--private'] : []),
    url,
  ]
  const group = startGroup(argv, {
    DISPLAY: display.name,
    HOME: profileDir,
    XDG_DATA_HOME: join(profileDir, 'data'),
    XDG_CACHE_HOME: join(profileDir, 'cache'),
    XDG_CONFIG_HOME: join(profileDir, 'config'),
    // Neither a session bus nor assistive technology is there to talk to.
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
  })
  let ended: Promise<void> | undefined
  const end = (): Promise<void> => (ended ??= group.kill().then(() => display.stop()))
  let reason: string | undefined
  const timer = setTimeout(() => {
    reason = `not finished after ${deadlineMs / 1000} s`
    void end()
  }, deadlineMs)
  const exited = group.exited.then(async (output) => {
    clearTimeout(timer)
    await end()
    return reason ?? `MiniBrowser ended by itself: ${output}`
  })
  return {
    exited,
    async close() {
      reason ??= 'closed'
      await end()
    },
  }
}

async function candidates(): Promise<string[]> {
  const override = process.env[OVERRIDE]
  if (override !== undefined) return [override]
  const found = onPath('MiniBrowser')
  for (const library of LIBRARIES) {
    // Debian and Fedora: /usr/lib/<architecture>/webkit2gtk-4.1, /usr/libexec/webkitgtk-6.0.
    for (const name of await namesIn(library)) {
      const below = name.startsWith('webkit') ? [''] : await namesIn(join(library, name))
      for (const each of below) {
        if (`${name}/${each}`.includes('webkit'))
          found.push(join(library, name, each, 'MiniBrowser'))
      }
    }
  }
  return found
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch(() => [])
}

/** MiniBrowser says it only to an X server. */
async function versionOf(executablePath: string): Promise<string | undefined> {
  const display = await startDisplay()
  try {
    const env = { ...process.env, DISPLAY: display.name }
    const { stdout } = await run(executablePath, ['--version'], {
      env,
      timeout: VERSION_TIMEOUT_MS,
    })
    return /\d+\.[\d.]+/.exec(stdout)?.[0]
  } catch {
    return undefined
  } finally {
    await display.stop()
  }
}

/** Rejects unless a page is loaded and runs its script. */
async function seeItStart(installation: WebKitInstallation): Promise<void> {
  const profileDir = await mkdtemp(join(tmpdir(), 'wasm-vfs-webkit-'))
  let loaded = (): void => {}
  const ran = new Promise<string>((resolve) => (loaded = () => resolve('')))
  const server = createServer(({ url }, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end('<!doctype html><title>start</title><script>fetch("/ran")</script>')
    if (url === '/ran') loaded()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const url = `http://127.0.0.1:${port}/`
    const deadlineMs = START_TIMEOUT_MS
    const browser = await launchWebKit(url, { profileDir, installation, deadlineMs })
    const failure = await Promise.race([ran, browser.exited])
    await browser.close()
    if (failure !== '') throw new Error(`WebKitGTK loads no page: ${failure}`)
  } finally {
    server.close()
    server.closeAllConnections()
    await rm(profileDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Display {
  /** As in the environment variable DISPLAY. */
  readonly name: string
  stop(): Promise<void>
}

/**
 * An X server without a screen, on a display of its own. Of two that start at once both may choose the
 * same number, and one then ends, so there are some attempts.
 */
async function startDisplay(): Promise<Display> {
  const failures: string[] = []
  for (let attempt = 0; attempt < DISPLAY_ATTEMPTS; attempt++) {
    const group = startGroup(
      ['Xvfb', '-displayfd', '1', '-screen', '0', SCREEN, '-nolisten', 'tcp'],
      {},
    )
    const timer = new AbortController()
    const late = sleep(DISPLAY_TIMEOUT_MS, 'no answer', { signal: timer.signal, ref: false })
    late.catch(() => {})
    const number = await Promise.race([group.firstLine, group.exited, late])
    timer.abort()
    // Asked, it takes its lock file with it.
    if (/^\d+$/.test(number)) return { name: `:${number}`, stop: () => group.kill('SIGTERM') }
    failures.push(number)
    await group.kill()
  }
  throw new Error(`Xvfb does not start: ${failures.join('; ')}`)
}

interface ProcessGroup {
  /** Of its standard output. */
  readonly firstLine: Promise<string>
  /** Resolves when the program has ended, with the last of its output. */
  readonly exited: Promise<string>
  /** Signals every process of the group, SIGKILL by default and in the end; resolves when all are gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/**
 * Ends the group when this process is gone, however it went: then nobody holds the other end of the
 * shell's standard input.
 */
const GUARDED = 'exec 3<&0; (read _ <&3; kill -KILL 0) & exec 3<&-; exec "$@" </dev/null'

const OUTPUT_KEPT = 2000

function startGroup(argv: readonly string[], env: Readonly<Record<string, string>>): ProcessGroup {
  const child = spawn('sh', ['-c', GUARDED, 'sh', ...argv], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const { pid } = child
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const firstLine = new Promise<string>((resolve) => {
    let line = ''
    child.stdout.on('data', (chunk: Buffer) => {
      line += chunk.toString()
      if (line.includes('\n')) resolve(line.slice(0, line.indexOf('\n')))
    })
  })
  // Ending what reads it is how the group ends; a write that comes too late is no news.
  child.stdin.on('error', () => {})
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) =>
      resolve(`${signal ?? `exit code ${code}`} ${output.trim()}`),
    )
  })
  const kill = async (first: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (pid === undefined) return
    const deadline = Date.now() + EXIT_TIMEOUT_MS
    let signal = first
    for (let attempt = 0; (await livingIn(pid)) > 0; attempt++) {
      if (Date.now() > deadline) throw new Error(`processes of group ${pid} do not end`)
      // What does not listen to the gentle one gets the other.
      if (attempt > 20) signal = 'SIGKILL'
      signalGroup(pid, signal)
      await sleep(50)
    }
    child.stdin.destroy()
  }
  return { firstLine, exited, kill }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // All of it ended in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Processes of a group that are not just waiting to be collected. */
async function livingIn(group: number): Promise<number> {
  const { stdout } = await run('ps', ['-eo', 'pgid=,stat='])
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/))
  return lines.filter(([pgid, stat = 'Z']) => Number(pgid) === group && !stat.startsWith('Z'))
    .length
}
