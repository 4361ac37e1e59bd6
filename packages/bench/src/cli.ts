// `pnpm bench`: reads the command line, runs, prints the tables and writes the JSON. Exit codes: 0 the
// run came to its end (a backend that fails is a cell, not an exit code), 1 it could not start, the
// browser died, or a verdict found a bar that is not met, 2 the command line is wrong, 130 interrupted.

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { BACKENDS } from './backends/index.ts'
import { parseCommand, USAGE, UsageError, type Command, type RunOptions } from './options.ts'
import { PROBES } from './probes/index.ts'
import { parseJson, renderJson } from './report/json.ts'
import { Progress } from './report/progress.ts'
import { renderTables } from './report/table.ts'
import { describeRun, runBench } from './run.ts'
import type { BenchDocument } from './schema.ts'
import { verdictOn } from './verdict/verdict.ts'
import { WORKLOADS } from './workloads/index.ts'

const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const WIDTH_DEFAULT = 120
const RESULTS = join(import.meta.dirname, '..', '..', '..', 'bench-results')

async function main(argv: readonly string[]): Promise<number> {
  let command: Command
  try {
    command = parseCommand(argv)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\nSee pnpm bench --help.`)
    return EXIT.usage
  }
  switch (command.action) {
    case 'help':
      console.log(USAGE)
      return EXIT.ok
    case 'list':
      console.log(catalogue())
      return EXIT.ok
    case 'verdict':
      return verdict(command.file)
    case 'run':
      return run(command.options)
  }
}

function verdict(file: string): number {
  let document: BenchDocument
  try {
    document = parseJson(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    return EXIT.failure
  }
  const { text, passed } = verdictOn(document)
  console.log(text)
  return passed ? EXIT.ok : EXIT.failure
}

async function run(options: RunOptions): Promise<number> {
  const startedAt = performance.now()
  const file = resolve(options.json ?? join(RESULTS, defaultName(options)))
  if (options.json === undefined) mkdirSync(RESULTS, { recursive: true })
  else if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true) {
    console.error(`--json: ${dirname(file)} is not a directory.`)
    return EXIT.usage
  }

  const interrupt = new AbortController()
  const onSignal = (): void => {
    // The second time, the user means at once.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort(new Error('interrupted'))
  }
  for (const name of SIGNALS) process.on(name, onSignal)

  const progress = new Progress(process.stderr)
  const save = (document: BenchDocument): void => writeWhole(file, document)
  try {
    const hooks = { progress, save, signal: interrupt.signal }
    const { document, endedBy } = await runBench(options, hooks, startedAt)
    progress.end()
    save(document)
    console.log(renderTables(document, process.stdout.columns ?? WIDTH_DEFAULT))
    console.log(describeRun(document, performance.now() - startedAt))
    console.log(`Written to ${shortest(file)}`)
    if (endedBy === 'interrupt') return EXIT.interrupted
    return endedBy === 'browser' ? EXIT.failure : EXIT.ok
  } catch (error) {
    progress.end()
    if (interrupt.signal.aborted) return EXIT.interrupted
    console.error(error instanceof Error ? error.message : error)
    return EXIT.failure
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}

/** By way of a second file, so that a reader or a kill never meets half a document. */
function writeWhole(file: string, document: BenchDocument): void {
  const draft = `${file}.part`
  writeFileSync(draft, renderJson(document))
  renameSync(draft, file)
}

function shortest(file: string): string {
  const fromHere = relative(process.cwd(), file)
  return fromHere.startsWith('..') ? file : fromHere
}

function defaultName({ browser }: RunOptions): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return `${time}-${browser}.json`
}

function catalogue(): string {
  const section = (title: string, items: readonly { name: string; summary: string }[]): string => {
    const width = Math.max(...items.map(({ name }) => name.length))
    const lines = items.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
    return `${title}\n${lines.join('\n')}\n`
  }
  const backends = BACKENDS.map(({ name, summary, durabilities }) => ({
    name,
    summary: `${summary} (${durabilities.join(', ')})`,
  }))
  return [
    section('Backends', backends),
    section(
      'Workloads',
      WORKLOADS.filter(({ quick }) => quick),
    ),
    section(
      'Workloads, with --full or --workload',
      WORKLOADS.filter(({ quick }) => !quick),
    ),
    section('Probes, in every run', PROBES),
  ].join('\n')
}

// Set rather than exited with, so that what was printed reaches a pipe.
process.exitCode = await main(process.argv.slice(2))
