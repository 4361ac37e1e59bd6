// `pnpm bench`: reads the command line and does what it says; the exit codes are in exit.ts.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { BACKENDS } from './backends/index.ts'
import { compare, isJudged, regressions } from './compare/compare.ts'
import { FEW_ROUNDS, renderComparison } from './compare/render.ts'
import { EXIT, onInterrupt } from './exit.ts'
import { isInDirectory, shortest, writeWhole } from './files.ts'
import { parseCommand, USAGE, type Command } from './options.ts'
import { PROBES } from './probes/index.ts'
import { renderHtml } from './report/html/page.ts'
import { parseJson } from './report/json.ts'
import type { BenchDocument } from './schema.ts'
import { UsageError } from './selection.ts'
import { verdictOn } from './verdict/verdict.ts'
import { WORKLOADS } from './workloads/index.ts'
import type { WorkloadSet } from './workloads/workload.ts'

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
    case 'run': {
      // Brings what drives browsers, which the other commands need not wait for.
      const { runBrowsers } = await import('./run-browsers.ts')
      return runBrowsers(command.options)
    }
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
  // A limit that nothing is held against must not read as one that was kept.
  if (!isJudged(comparison)) {
    const why = comparison.cells.length === 0 ? '' : ` ${FEW_ROUNDS}`
    console.error(`--fail-above: there is nothing to hold it against.${why}`)
    return EXIT.failure
  }
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
  const interrupt = onInterrupt()
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
    interrupt.ignore()
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
  const workloads = (title: string, set: WorkloadSet): string =>
    section(
      title,
      WORKLOADS.filter((workload) => workload.set === set),
    )
  return [
    section('Backends', backends(true)),
    section('Backends, with --full or --backend', backends(false)),
    workloads('Workloads, with --quick and in every set', 'quick'),
    workloads('Workloads, without --quick', 'default'),
    workloads('Workloads, with --full or --workload', 'full'),
    section('Probes, in every run', PROBES),
  ].join('\n')
}

// Set rather than exited with, so that what was printed reaches a pipe.
process.exitCode = await main(process.argv.slice(2))
