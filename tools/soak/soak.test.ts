// The oracle's arithmetic and the results that add up: what the long proofs count on.

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compare } from './kills/compare.ts'
import { Ledger } from './kills/ledger.ts'
import type { Inspection } from './kills/worker.ts'
import { Results } from './results.ts'
import { digestOf, digestOfSources } from './sources.ts'
import { Stopped, unlessStopped } from './stop.ts'

const SEED = 3
const COUNT = 120

function shownAfter(count: number): Inspection {
  const { rows, tables } = new Ledger(SEED, count).contents()
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  return {
    rows: rows.map(([id, version, body]) => [id, version, md5(body)]),
    tables,
    checksums: 'on',
    indexes: 1,
    findings: [],
  }
}

describe('a reopened database', () => {
  it('may be as after all acknowledged commits, or as after one more', () => {
    expect(compare(shownAfter(COUNT), SEED, COUNT)).toEqual({ count: COUNT, problems: [] })
    const more = Array.from({ length: 20 }, (_, index) => COUNT + index).map((count) =>
      compare(shownAfter(count + 1), SEED, count),
    )
    for (const { problems } of more) expect(problems).toEqual([])
  })

  it('has lost something if it is as before', () => {
    const { problems } = compare(shownAfter(COUNT - 30), SEED, COUNT)
    expect(problems.join('\n')).toMatch(/is missing/)
  })

  it('has strangers or doubles if there are any', () => {
    const shown = shownAfter(COUNT)
    const stranger = [999, 1, 'digest'] as const
    const strange = { ...shown, rows: [...shown.rows, stranger] }
    expect(compare(strange, SEED, COUNT).problems.join('\n')).toMatch(/row 999.* is there/)
    const double = { ...shown, rows: [...shown.rows, shown.rows[0]!] }
    expect(compare(double, SEED, COUNT).problems).toContain('something is there twice')
  })

  it('has what Postgres finds', () => {
    const shown = { ...shownAfter(COUNT), findings: ['a broken index'], checksums: 'off' }
    expect(compare(shown, SEED, COUNT).problems).toEqual([
      'a broken index',
      'data checksums are off',
    ])
  })
})

it('a ledger goes on where another was', () => {
  const whole = new Ledger(SEED, COUNT)
  const rest = new Ledger(SEED, COUNT - 10)
  for (let left = 10; left > 0; left--) rest.next()
  expect(rest.contents()).toEqual(whole.contents())
  expect(rest.next()).toBe(whole.next())
})

describe('results', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wasm-vfs-results-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const outcome = {
    backend: 'idb',
    durability: 'strict',
    end: 'browser',
    phase: 'inside',
    call: 'flush',
    commits: 5,
    checked: true,
  } as const

  it('add up over runs', () => {
    const file = join(folder, 'made/results.json')
    for (let run = 0; run < 2; run++) {
      const results = new Results(file, { fresh: false })
      results.addKill('chromium 1', 'old', { ...outcome, problems: [] })
      const lost = { ...outcome, end: 'tab', checked: false, problems: ['lost'] } as const
      results.addKill('chromium 1', 'new', lost)
      results.save()
    }
    const results = new Results(file, { fresh: false })
    const { data, failures } = results
    expect(data.kills['chromium 1 idb strict pglite']).toMatchObject({
      ends: { worker: 0, tab: 2, browser: 2 },
      commits: 20,
      checks: 2,
      places: { 'inside, flush': 4 },
      sources: { old: 2, new: 2 },
    })
    expect(failures).toBe(2)
    expect(results.summary()).toMatch(/2 browsers killed.*4 of 4 inside.*20 changes.*2 failures/)
    expect(new Results(file, { fresh: true }).failures).toBe(0)
  })

  it('of another version are refused', () => {
    const file = join(folder, 'results.json')
    writeFileSync(file, '{"version": 0}')
    expect(() => new Results(file, { fresh: false })).toThrow(/another version/)
  })

  it('say which sources they are about, those of core and of the backend alone', () => {
    const digests = ['opfs-ahp', 'idb', 'opfs-ahp'].map((backend) => digestOfSources(backend))
    expect(digests[0]).toMatch(/^[0-9a-f]{12}$/)
    expect(digests[1]).not.toBe(digests[0])
    expect(digests[2]).toBe(digests[0])
  })
})

it('a digest of sources leaves out comments, blanks and types, and nothing else', () => {
  const digest = (text: string): string => digestOf([['src/file.ts', text]])
  const source = "const max: number = 5 // A few.\nif (max > 4) throw new Error('max')\n"
  expect(digest(source.replace('A few', 'Some'))).toBe(digest(source))
  expect(digest(`/** Of all. */\n\n${source.replace(': number', '')}`)).toBe(digest(source))
  expect(digest(source.replace('5', '6'))).not.toBe(digest(source))
  expect(digest(source.replace("'max'", "'min'"))).not.toBe(digest(source))
  expect(digestOf([['src/other.ts', source]])).not.toBe(digest(source))
})

describe('work that may be stopped', () => {
  const never = new Promise<never>(() => {})

  it('is over as soon as it is stopped', async () => {
    const controller = new AbortController()
    const work = unlessStopped(never, controller.signal)
    controller.abort(new Stopped('SIGTERM'))
    await expect(work).rejects.toThrow('SIGTERM')
    await expect(unlessStopped(never, controller.signal)).rejects.toThrow(Stopped)
  })

  it('otherwise ends as it ends', async () => {
    const { signal } = new AbortController()
    await expect(unlessStopped(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(unlessStopped(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  })
})
