import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleRun } from '../../test/sample-run.ts'
import { compare } from '../compare/compare.ts'
import { parseJson } from '../report/json.ts'
import type { BenchDocument } from '../schema.ts'
import { publishRuns, type Places } from './publish.ts'

const BEFORE = '# Figures\n\n<!-- figures: written by pnpm bench publish -->\n'
const AFTER = '<!-- end of figures -->\n\nMore.\n'

let places: Places

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'bench-publish-'))
  places = { directory: join(root, 'results'), document: join(root, 'page.md') }
  writeFileSync(places.document, `${BEFORE}old\n${AFTER}`)
})

afterEach(() => rmSync(join(places.document, '..'), { recursive: true, force: true }))

function runIn(browser: string): BenchDocument {
  const run = sampleRun()
  return { ...run, env: { ...run.env, browser: { ...run.env.browser, name: browser } } }
}

function page(): string {
  return readFileSync(places.document, 'utf8')
}

test('a run becomes a file of few digits that says the same, and figures in the document', () => {
  const run = runIn('chromium')
  const written = publishRuns([run], places)
  const file = join(places.directory, 'chromium.json')
  expect(written).toEqual([file, places.document])
  const published = parseJson(readFileSync(file, 'utf8'))
  const samples = published.results.flatMap((result) => result.samples)
  expect(samples.length).toBeGreaterThan(100)
  expect(samples).toEqual(samples.map((sample) => Number(sample.toPrecision(4))))
  expect(compare(run, published).means.at(-1)?.ratio.value).toBeCloseTo(1, 3)

  expect(page()).toMatch(/^# Figures\n/)
  expect(page()).toContain('### Chromium 1.2.3\n')
  expect(page()).toContain(
    '- Commit one small row: **opfs-ahp** 0.450 ms (1.50× memory); then idb 2.25×',
  )
  expect(page()).toMatch(
    /\| `opfs-ahp` \| 0\.450 ms 1\.50× \| 0\.375 ms 1\.50× \| 3\.00 s 1\.50× \|/,
  )
  expect(page()).toMatch(/\| `pglite-opfs-ahp` \|.* \| failed \|/)
  // What a message says is text in Markdown, too.
  expect(page()).toContain(String.raw`\<script\>`)
  expect(page()).not.toContain('old')
  expect(page().endsWith(AFTER)).toBe(true)
})

test('runs of other browsers stay, and the same one takes the place of its own', () => {
  publishRuns([runIn('chromium')], places)
  publishRuns([runIn('webkit')], places)
  const both = page()
  expect(both.indexOf('### Chromium')).toBeLessThan(both.indexOf('### WebKitGTK (not Safari)'))
  publishRuns([runIn('chromium'), runIn('webkit')], places)
  expect(page()).toBe(both)
})

test('what cannot be published changes nothing', () => {
  const before = page()
  const run = runIn('chromium')
  expect(() => publishRuns([{ ...run, complete: false }], places)).toThrow('ended early')
  expect(() => publishRuns([runIn('safari')], places)).toThrow('driven by pnpm bench')
  expect(page()).toBe(before)
  writeFileSync(places.document, 'no place')
  expect(() => publishRuns([run], places)).toThrow('no place for figures')
})
