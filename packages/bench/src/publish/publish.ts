// `pnpm bench publish`: writes runs to the results that are checked in, one for each browser, and the
// tables of docs/benchmarks.md from all of these. Called by cli.ts.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BROWSERS, type Browser } from '../options.ts'
import { parseJson, renderJson } from '../report/json.ts'
import type { BenchDocument } from '../schema.ts'
import { renderRun } from './markdown.ts'

const PACKAGE = join(import.meta.dirname, '..', '..')
/** Between these lines of the document. */
const BEGIN = '<!-- figures: written by pnpm bench publish -->'
const END = '<!-- end of figures -->'
/** Of a sample: what is beyond this is noise. */
const DIGITS = 4

export interface Places {
  /** Of the results. */
  readonly directory: string
  readonly document: string
}

const PLACES: Places = {
  directory: join(PACKAGE, 'results'),
  document: join(PACKAGE, '..', '..', 'docs', 'benchmarks.md'),
}

/** Returns the files written. Throws an Error with words for the user. */
export function publishRuns(runs: readonly BenchDocument[], places: Places = PLACES): string[] {
  const { directory, document } = places
  const text = readFileSync(document, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from)
    throw new Error(`${document} has no place for figures: ${BEGIN} … ${END}`)
  const named = runs.map((run) => ({ file: fileOf(run, directory), run: shortened(run) }))
  mkdirSync(directory, { recursive: true })
  for (const { file, run } of named) writeFileSync(file, renderJson(run))
  const all = BROWSERS.map((browser) => join(directory, `${nameOf(browser)}.json`))
    .filter((file) => existsSync(file))
    .map((file) => renderRun(parseJson(readFileSync(file, 'utf8'))))
  const figures = [BEGIN, ...all].join('\n\n')
  writeFileSync(document, `${text.slice(0, from)}${figures}\n\n${text.slice(to)}`)
  return [...named.map(({ file }) => file), document]
}

function fileOf({ env, complete }: BenchDocument, directory: string): string {
  const browser = BROWSERS.find((name) => name === env.browser.name)
  if (browser === undefined || env.node === undefined) {
    throw new Error(`Runs of ${BROWSERS.join(', ')} are published, driven by pnpm bench.`)
  }
  if (!complete) throw new Error(`The run in ${env.browser.name} ended early.`)
  return join(directory, `${nameOf(browser)}.json`)
}

/** Under the name by which nobody takes it for Safari. */
function nameOf(browser: Browser): string {
  return browser === 'webkit' ? 'webkitgtk' : browser
}

/** With fewer digits, so that the file is small and its changes can be read. */
function shortened(run: BenchDocument): BenchDocument {
  const round = (value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value
  const rounded = <T extends object>(item: T): T =>
    JSON.parse(JSON.stringify(item, (_, value: unknown) => round(value))) as T
  return {
    ...run,
    results: run.results.map((result) => rounded(result)),
    probes: run.probes.map((probe) => rounded(probe)),
  }
}
