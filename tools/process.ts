// Runs programs with a deadline. Called by the test run, the package checks and the installation of
// browsers. A program and whatever it started ends when its time is up.

import { spawn } from 'node:child_process'
import { ROOT } from './workspace.ts'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Default five minutes; undefined: for as long as it takes. */
  readonly timeoutMs?: number | undefined
  /** Pass output on as it comes instead of only collecting it. */
  readonly echo?: boolean
}

export interface RunResult {
  readonly ok: boolean
  /** Standard output and standard error, in the order they came. */
  readonly output: string
  /** Why it is not ok, e.g. `'exit code 1'`. */
  readonly failure: string | undefined
}

const DEFAULT_TIMEOUT_MS = 5 * 60_000
/** What a program gets to end by itself the browsers that it has started, which have groups of their own. */
const GRACE_MS = 10_000

/** Runs `argv` from the root of the project unless told otherwise. Never rejects. */
export function runProcess(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd = ROOT, env = {}, echo = false } = options
  const timeoutMs = 'timeoutMs' in options ? options.timeoutMs : DEFAULT_TIMEOUT_MS
  const [command = '', ...args] = argv
  return new Promise((resolve) => {
    // A group of its own, so that the deadline also reaches what the program started.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    const chunks: Buffer[] = []
    const collect = (chunk: Buffer): void => {
      chunks.push(chunk)
      if (echo) process.stdout.write(chunk)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)

    let late = false
    const stop = (signal: NodeJS.Signals): void => {
      if (child.pid === undefined) return
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
      } catch (error) {
        // Gone already: it ended between the deadline and the signal.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    }
    const interrupted = (signal: NodeJS.Signals): void => {
      stop(signal)
      process.exit(1)
    }
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
    let killing: ReturnType<typeof setTimeout> | undefined
    const expire = (): void => {
      late = true
      stop('SIGTERM')
      killing = setTimeout(() => stop('SIGKILL'), GRACE_MS)
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs)

    const finish = (failure: string | undefined): void => {
      clearTimeout(timer)
      clearTimeout(killing)
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
      const output = Buffer.concat(chunks).toString()
      resolve({ ok: failure === undefined, output, failure })
    }
    child.once('error', (error) => finish(error.message))
    child.once('close', (code, signal) => {
      if (late) finish(`not finished after ${(timeoutMs ?? 0) / 1000} s`)
      else if (code === 0) finish(undefined)
      else finish(signal ?? `exit code ${code}`)
    })
  })
}

/** The command line of a program that a development dependency brings. */
export function bin(packageName: string, path: string): string[] {
  return [process.execPath, `${ROOT}/node_modules/${packageName}/${path}`]
}
