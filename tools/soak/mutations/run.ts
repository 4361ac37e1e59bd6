// `pnpm soak --mutations`: applies each mutation to a copy of the sources and expects the tests to fail.
// The copy shares the installed packages; the checkout itself is never touched.

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bin, runProcess } from '../../process.ts'
import { ROOT } from '../../workspace.ts'
import { table } from '../results.ts'
import { MUTATIONS } from './list.ts'
import type { Mutation } from './mutation.ts'

export interface MutationOutcome {
  readonly mutation: Mutation
  /** The first test that failed; undefined if none did. */
  readonly caughtBy: string | undefined
  /** Why it could not be tried at all. */
  readonly broken?: string
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
const FLAGS = ['run', '--project', 'node', '--bail', '1', '--reporter', 'json', '--outputFile']

/**
 * Tries those that have `text` in what they do, on `jobs` copies at a time, and prints a table. Returns
 * how many no test has caught.
 */
export async function runMutations(jobs: number, text: string): Promise<number> {
  const queue = MUTATIONS.filter(({ rule, what }) => `rule ${rule}: ${what}`.includes(text))
  const outcomes: MutationOutcome[] = []
  const work = async (): Promise<void> => {
    const copy = new SourceCopy()
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const outcome = await tryMutation(copy, next)
        outcomes.push(outcome)
        console.log(describe(outcome))
      }
    } finally {
      copy.remove()
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  outcomes.sort((a, b) => MUTATIONS.indexOf(a.mutation) - MUTATIONS.indexOf(b.mutation))
  const rows = outcomes.map(({ mutation, caughtBy, broken }) => [
    `rule ${mutation.rule}: ${mutation.what}`,
    broken ?? caughtBy ?? 'NOT CAUGHT',
  ])
  console.log(`\n${table(rows)}`)
  return outcomes.filter(({ caughtBy }) => caughtBy === undefined).length
}

function describe({ mutation: { rule, what }, caughtBy, broken }: MutationOutcome): string {
  if (broken !== undefined) return `✗ rule ${rule}: ${what}: ${broken}`
  if (caughtBy === undefined) return `✗ rule ${rule}: ${what}: no test notices`
  return `✓ rule ${rule}: ${what}: ${caughtBy}`
}

async function tryMutation(copy: SourceCopy, mutation: Mutation): Promise<MutationOutcome> {
  const broken = copy.apply(mutation)
  try {
    if (broken !== undefined) return { mutation, caughtBy: undefined, broken }
    return { mutation, caughtBy: await firstFailure(copy, mutation) }
  } finally {
    copy.restore()
  }
}

async function firstFailure(
  copy: SourceCopy,
  { test, named }: Mutation,
): Promise<string | undefined> {
  const report = join(copy.directory, 'report.json')
  rmSync(report, { force: true })
  const selection = named === undefined ? [] : ['-t', named]
  const { failure } = await runProcess(
    [...bin('vitest', 'vitest.mjs'), ...FLAGS, report, test, ...selection],
    {
      cwd: copy.directory,
      env: { CRASH_STATES: STATES, FAULT_WORKLOADS, CRASH_SHRINK: 'no' },
      timeoutMs: TIMEOUT_MS,
    },
  )
  if (!existsSync(report)) throw new Error(`vitest wrote no report: ${failure}`)
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

/** What git knows of the checkout, changed files as they are. */
class SourceCopy {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'wasm-vfs-mutations-'))
  // What was there before the mutation, by path.
  readonly #before = new Map<string, string>()

  constructor() {
    const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT })
    for (const path of listed.toString().split('\n')) {
      const source = join(ROOT, path)
      if (path === '' || !existsSync(source)) continue
      const target = join(this.directory, path)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(source, target)
      const folder = /^packages\/[^/]+\/package\.json$/.test(path) ? dirname(path) : undefined
      if (folder !== undefined) this.#linkPackages(folder)
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'))
  }

  /** Undefined if it could be applied; otherwise why not. */
  apply({ edits }: Mutation): string | undefined {
    for (const { file, from, to } of edits) {
      const path = join(this.directory, file)
      const text = readFileSync(path, 'utf8')
      if (!this.#before.has(path)) this.#before.set(path, text)
      const count = text.split(from).length - 1
      if (count !== 1) return `${file} has '${from.trim()}' ${count} times, not once`
      writeFileSync(
        path,
        text.replace(from, () => to),
      )
    }
    return undefined
  }

  restore(): void {
    for (const [path, text] of this.#before) writeFileSync(path, text)
    this.#before.clear()
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Links between the packages are relative, so in the copy they lead to the copy. */
  #linkPackages(folder: string): void {
    const modules = join(ROOT, folder, 'node_modules')
    if (!existsSync(modules)) return
    cpSync(modules, join(this.directory, folder, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
}
