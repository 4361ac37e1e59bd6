// The static checks: `pnpm check` runs them all, and the test run counts each as one test. They run
// beside each other.

import { pathToFileURL } from 'node:url'
import { bin, runProcess } from './process.ts'

/** What a check or a part of the test run found. */
export interface Outcome {
  readonly title: string
  readonly ok: boolean
  /** What went wrong, for the reader. */
  readonly detail?: string
}

export interface Check {
  readonly title: string
  readonly command: readonly string[]
}

const TSC = bin('typescript', 'bin/tsc')

export const STATIC_CHECKS: readonly Check[] = [
  { title: 'types of published sources', command: [...TSC, '-p', 'tsconfig.src.json'] },
  { title: 'types of everything', command: [...TSC, '-p', 'tsconfig.json'] },
  { title: 'lint', command: bin('oxlint', 'bin/oxlint') },
  {
    title: 'import rules',
    command: [...bin('tsx', 'dist/cli.mjs'), 'tools/import-rules.ts'],
  },
  {
    title: 'handle rule',
    command: [...bin('tsx', 'dist/cli.mjs'), 'tools/handle-rule.ts'],
  },
  { title: 'format', command: [...bin('oxfmt', 'bin/oxfmt'), '--check'] },
]

/** Runs one check and prints its outcome on one line, with its output if it failed. */
export async function runCheck({ title, command }: Check): Promise<Outcome> {
  const started = performance.now()
  const { ok, output, failure } = await runProcess(command)
  return report({ title, ok, ...(failure && { detail: `${output}\n${failure}` }) }, started)
}

/** Prints an outcome on one line, with its detail if it is a failure. */
export function report(outcome: Outcome, started: number): Outcome {
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${outcome.ok ? '✓' : '✗'} ${outcome.title} (${seconds} s)`)
  if (!outcome.ok) console.log((outcome.detail ?? '').trim().replaceAll(/^/gm, '    '))
  return outcome
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const outcomes = await Promise.all(STATIC_CHECKS.map((check) => runCheck(check)))
  process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
}
