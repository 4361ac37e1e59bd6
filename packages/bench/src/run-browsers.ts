// The command that measures: a run in each browser that was asked for, one after the other, each with its
// tables, its JSON, and its page of charts. Called by cli.ts.

import { mkdirSync } from 'node:fs'
import { join, parse, resolve } from 'node:path'
import { EXIT, onInterrupt, type ExitCode } from './exit.ts'
import { isInDirectory, shortest, writeWhole } from './files.ts'
import type { Browser, RunOptions } from './options.ts'
import { browserTitle } from './report/browsers.ts'
import { renderHtml } from './report/html/page.ts'
import { renderJson } from './report/json.ts'
import { Progress } from './report/progress.ts'
import { renderTables } from './report/table.ts'
import { describeRun, runBench } from './run.ts'
import type { BenchDocument } from './schema.ts'

const WIDTH_DEFAULT = 120
const RESULTS = join(import.meta.dirname, '..', '..', '..', 'bench-results')

interface Files {
  readonly json: string
  readonly html: string | undefined
}

/** A browser that is missing or dies does not keep the others from their runs. */
export async function runBrowsers(options: RunOptions): Promise<ExitCode> {
  const { browsers, json, html } = options
  if (json === undefined) mkdirSync(RESULTS, { recursive: true })
  else if (!isInDirectory('json', json)) return EXIT.usage
  if (html !== undefined && !isInDirectory('html', html)) return EXIT.usage

  const interrupt = onInterrupt()
  let code: ExitCode = EXIT.ok
  try {
    for (const browser of browsers) {
      if (browsers.length > 1) console.log(`\n=== ${browserTitle(browser)} ===\n`)
      const files = filesFor(browser, options)
      const ended = await runOne({ ...options, browser }, files, interrupt.signal)
      if (ended === EXIT.interrupted) return ended
      if (ended !== EXIT.ok) code = ended
    }
    return code
  } finally {
    interrupt.ignore()
  }
}

function filesFor(browser: Browser, { browsers, json, html }: RunOptions): Files {
  const own = (file: string): string =>
    resolve(browsers.length > 1 ? withName(file, browser) : file)
  return {
    json: json === undefined ? join(RESULTS, defaultName(browser)) : own(json),
    html: html === undefined ? undefined : own(html),
  }
}

/** `out.json` becomes `out-firefox.json`. */
function withName(file: string, browser: Browser): string {
  const { dir, name, ext } = parse(file)
  return join(dir, `${name}-${browser}${ext}`)
}

function defaultName(browser: Browser): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return `${time}-${browser}.json`
}

async function runOne(
  options: RunOptions & { readonly browser: Browser },
  { json, html }: Files,
  signal: AbortSignal,
): Promise<ExitCode> {
  const startedAt = performance.now()
  const progress = new Progress(process.stderr)
  const width = process.stdout.columns ?? WIDTH_DEFAULT
  const save = (document: BenchDocument): void => writeWhole(json, renderJson(document))
  const preview = (document: BenchDocument): void =>
    progress.say(`${renderTables(document, width)}\nSo far; the run goes on.`)
  try {
    const { document, endedBy } = await runBench(
      options,
      { progress, save, preview, signal },
      startedAt,
    )
    progress.end()
    save(document)
    console.log(renderTables(document, width))
    console.log(describeRun(document, performance.now() - startedAt))
    console.log(`Written to ${shortest(json)}`)
    if (html !== undefined) {
      writeWhole(html, renderHtml(document))
      console.log(`Charts in ${shortest(html)}`)
    }
    if (endedBy === 'interrupt') return EXIT.interrupted
    return endedBy === 'browser' ? EXIT.failure : EXIT.ok
  } catch (error) {
    progress.end()
    if (signal.aborted) return EXIT.interrupted
    console.error(error instanceof Error ? error.message : error)
    return EXIT.failure
  }
}
