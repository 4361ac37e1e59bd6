// `pnpm bench`: reads the command line, runs, prints the tables and writes the JSON. Exit codes: 0 the
// run came to its end (a backend that fails is a cell, not an exit code), 1 it could not start, the
// browser died, a verdict found a bar that is not met, or a comparison something slower, 2 the command line is wrong, 130 interrupted.

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { BACKENDS } from './backends/index.ts'
import { compare, regressions } from './compare/compare.ts'
import { renderComparison } from './compare/render.ts'
import { parseCommand, USAGE, type Command, type RunOptions } from './options.ts'
import { PROBES } from './probes/index.ts'
import { renderHtml } from './report/html/page.ts'
import { parseJson, renderJson } from './report/json.ts'
import { Progress } from './report/progress.ts'
import { renderTables } from './report/table.ts'
import type { BenchDocument } from './schema.ts'
import { UsageError } from './selection.ts'
import { verdictOn } from './verdict/verdict.ts'
import { WORKLOADS } from './workloads/index.ts'

const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** The terminal signals the whole group, and a package manager in it passes the signal on once more. */
const ECHO_MS = 1_000
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
    case 'compare':
      return compareRuns(command)
    case 'report':
      return report(command)
    case 'open':
      return open(command)
    case 'publish':
      return publish(command.files)
    case 'run':
      return run(command.options)
  }
}

function verdict(file: string): number {
  const document = readDocument(file)
  if (document === undefined) return EXIT.failure
  const { text, passed } = verdictOn(document)
  console.log(text)
  return passed ? EXIT.ok : EXIT.failure
}

function compareRuns(command: Extract<Command, { readonly action: 'compare' }>): number {
  const before = readDocument(command.before)
  const after = readDocument(command.after)
  if (before === undefined || after === undefined) return EXIT.failure
  const comparison = compare(before, after)
  const runs = [
    { file: command.before, document: before },
    { file: command.after, document: after },
  ] as const
  console.log(renderComparison(...runs, comparison))
  const { failAbove } = command
  if (failAbove === undefined) return EXIT.ok
  const slower = regressions(comparison, failAbove)
  if (slower.length === 0) {
    console.log(`\nNothing is slower by more than ${failAbove} % beyond noise.`)
    return EXIT.ok
  }
  console.log(`\nSlower by more than ${failAbove} %, and not by noise: ${slower.join('; ')}`)
  return EXIT.failure
}

function report({ file, html }: Extract<Command, { readonly action: 'report' }>): number {
  if (!isInDirectory('html', html)) return EXIT.usage
  const document = readDocument(file)
  if (document === undefined) return EXIT.failure
  writeWhole(html, renderHtml(document))
  console.log(`Written to ${shortest(resolve(html))}`)
  return EXIT.ok
}

async function open({ port, out }: Extract<Command, { readonly action: 'open' }>): Promise<number> {
  // Brings the bundler, which the other commands need not wait for.
  const { serveOpenPage, writeOpenPage } = await import('./open/open.ts')
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort()
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    if (out !== undefined) {
      await writeOpenPage(out)
      console.log(`Written to ${shortest(resolve(out))}: serve it with the headers in _headers.`)
      return EXIT.ok
    }
    console.log('Building the page …')
    await serveOpenPage(port, interrupt.signal, (url) => {
      console.log(`Open ${url} in the browser to measure. Ctrl-C ends.`)
    })
    return EXIT.ok
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return EXIT.failure
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}

async function publish(files: readonly string[]): Promise<number> {
  const documents: BenchDocument[] = []
  for (const file of files) {
    const document = readDocument(file)
    if (document === undefined) return EXIT.failure
    documents.push(document)
  }
  const { publishRuns } = await import('./publish/publish.ts')
  try {
    for (const file of publishRuns(documents)) console.log(`Written to ${shortest(file)}`)
    return EXIT.ok
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return EXIT.failure
  }
}

/** Undefined, and said, if it cannot be read. */
function readDocument(file: string): BenchDocument | undefined {
  try {
    return parseJson(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

async function run(options: RunOptions): Promise<number> {
  const startedAt = performance.now()
  // Brings what drives browsers, which the other commands need not wait for.
  const { describeRun, runBench } = await import('./run.ts')
  const file = resolve(options.json ?? join(RESULTS, defaultName(options)))
  if (options.json === undefined) mkdirSync(RESULTS, { recursive: true })
  else if (!isInDirectory('json', file)) return EXIT.usage
  const html = options.html === undefined ? undefined : resolve(options.html)
  if (html !== undefined && !isInDirectory('html', html)) return EXIT.usage

  const interrupt = new AbortController()
  let interruptedAt = 0
  const onSignal = (): void => {
    if (!interrupt.signal.aborted) {
      interruptedAt = performance.now()
      interrupt.abort(new Error('interrupted'))
      return
    }
    // The second time, the user means at once.
    if (performance.now() - interruptedAt > ECHO_MS) process.exit(EXIT.interrupted)
  }
  for (const name of SIGNALS) process.on(name, onSignal)

  const progress = new Progress(process.stderr)
  const save = (document: BenchDocument): void => writeWhole(file, renderJson(document))
  try {
    const width = process.stdout.columns ?? WIDTH_DEFAULT
    const preview = (document: BenchDocument): void =>
      progress.say(`${renderTables(document, width)}\nSo far; the run goes on.`)
    const hooks = { progress, save, preview, signal: interrupt.signal }
    const { document, endedBy } = await runBench(options, hooks, startedAt)
    progress.end()
    save(document)
    console.log(renderTables(document, width))
    console.log(describeRun(document, performance.now() - startedAt))
    console.log(`Written to ${shortest(file)}`)
    if (html !== undefined) {
      writeWhole(html, renderHtml(document))
      console.log(`Charts in ${shortest(html)}`)
    }
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
function writeWhole(file: string, text: string): void {
  const draft = `${file}.part`
  writeFileSync(draft, text)
  renameSync(draft, file)
}

/** Before anything runs, so that nothing is measured in vain. */
function isInDirectory(option: string, file: string): boolean {
  const directory = dirname(resolve(file))
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return true
  console.error(`--${option}: ${directory} is not a directory.`)
  return false
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
  const backends = (quick: boolean): { name: string; summary: string }[] =>
    BACKENDS.filter((backend) => backend.quick === quick).map(
      ({ name, summary, durabilities }) => ({
        name,
        summary: `${summary} (${durabilities.join(', ')})`,
      }),
    )
  return [
    section('Backends', backends(true)),
    section('Backends, with --full or --backend', backends(false)),
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
