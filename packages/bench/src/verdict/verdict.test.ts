import { describe, expect, test } from 'vitest'
import { SCHEMA, type BenchDocument, type BenchResult, type ProbeResult } from '../schema.ts'
import { BARS, type Held } from './bars.ts'
import { exactly } from './interval.ts'
import { RunView } from './run-view.ts'
import { judge, verdictOn } from './verdict.ts'

type Column = 'memory none' | 'opfs-ahp strict' | 'opfs-ahp relaxed' | 'pglite-opfs-ahp strict'

function cell(
  workload: string,
  column: Column,
  milliseconds: number,
  counters?: Readonly<Record<string, number>>,
): BenchResult {
  const [backend = '', durability = ''] = column.split(' ')
  return {
    workload,
    backend,
    durability: durability as BenchResult['durability'],
    unit: 'ms',
    samples: [milliseconds],
    samplesPerRound: [1],
    median: milliseconds,
    counters,
  }
}

function probe(name: string, microseconds: number): ProbeResult {
  return { probe: name, unit: 'us', samples: [microseconds], median: microseconds }
}

function document(
  results: readonly BenchResult[],
  probes: readonly ProbeResult[] = [],
  browser = 'chromium',
): BenchDocument {
  return {
    schema: SCHEMA,
    complete: true,
    env: {
      date: '2030-01-01T00:00:00.000Z',
      browser: { name: browser, version: '1', userAgent: '' },
      os: '',
      cpu: '',
      cores: 2,
      memoryGiB: 8,
      fileSystem: 'ext4',
      node: '',
      pglite: '',
    },
    rounds: 1,
    results,
    probes,
  }
}

function held(title: string, run: BenchDocument): readonly Held[] {
  const bar = BARS.find((candidate) => candidate.title === title)
  if (bar === undefined) throw new TypeError(`no bar is called ${title}`)
  return bar.held(new RunView(run))
}

describe('the bar of', () => {
  test('a commit is memory, the raw write of its bytes, and what the browser is allowed', () => {
    const results = [
      cell('pg-insert-1k', 'memory none', 1),
      cell('pg-insert-1k', 'opfs-ahp relaxed', 1.1, { bytesWritten: 16_400 }),
      cell('pg-insert-1k', 'opfs-ahp strict', 1.9, { bytesWritten: 16_400 }),
    ]
    const probes = [probe('opfs-write-16k', 100), probe('opfs-write-16k-flush', 700)]
    const [relaxed, strict] = held('single-row commit', document(results, probes))
    expect(relaxed).toMatchObject({ what: 'pg-insert-1k relaxed', measured: exactly(1.1) })
    expect(relaxed?.bar.value).toBeCloseTo(1 + 0.13 + 0.02, 9)
    expect(strict?.bar.value).toBeCloseTo(1 + 0.91 + 0.02, 9)
    const [inFirefox] = held('single-row commit', document(results, probes, 'firefox'))
    expect(inFirefox?.bar.value).toBeCloseTo(1 + 0.13 + 0.04, 9)
    expect(held('single-row commit', document(results))).toEqual([])
  })

  test('a commit takes the raw write of the nearest size, if one is near', () => {
    const results = [
      cell('pg-insert-10k', 'memory none', 1),
      cell('pg-insert-10k', 'opfs-ahp relaxed', 1, { bytesWritten: 20_900 }),
    ]
    const title = 'single-row commit'
    const probes = [
      probe('opfs-write-16k', 1),
      probe('opfs-write-19k', 100),
      probe('opfs-read-8k', 1),
    ]
    const [near] = held(title, document(results, [...probes, probe('opfs-write-21k-flush', 1)]))
    expect(near?.bar.value).toBeCloseTo(1 + 0.13 + 0.02, 9)
    expect(held(title, document(results, [probe('opfs-write-16k', 1)]))).toEqual([])
  })

  test('the flushes of a strict commit is met by one and by nothing else', () => {
    const title = 'flushes of a strict commit of a small row'
    const judged = [0, 1, 1.5].map((flushes) => {
      const [one] = held(
        title,
        document([cell('pg-insert-small', 'opfs-ahp strict', 1, { flushes })]),
      )
      return one === undefined ? undefined : judge(one)
    })
    expect(judged).toEqual(['not met', 'met', 'not met'])
  })

  test('an SQL workload adds its bytes and flushes at raw speed', () => {
    const results = [
      cell('sql-ctas', 'memory none', 100),
      cell('sql-ctas', 'opfs-ahp strict', 105, { bytesWritten: 2_621_440, flushes: 2 }),
      cell('sql-total', 'memory none', 1_000),
      cell('sql-total', 'opfs-ahp strict', 1_101),
    ]
    const probes = [
      probe('opfs-write-256k', 100),
      probe('opfs-write-8k', 50),
      probe('opfs-write-8k-flush', 650),
    ]
    const run = document(results, probes)
    const [step, ...others] = held('SQL suite, each workload', run)
    expect(others).toEqual([])
    expect(step?.bar.value).toBeCloseTo(100 + 1.3 * (1 + 1.2) + 2, 9)
    expect(held('SQL suite, total', run).map(judge)).toEqual(['not met'])
  })

  test('reopening is a part of what the rival takes, and of its clean reopening if it cannot', () => {
    const results = [
      cell('pg-reopen', 'opfs-ahp strict', 400),
      cell('pg-reopen', 'pglite-opfs-ahp strict', 1_000),
      cell('pg-reopen-killed', 'opfs-ahp strict', 500),
      {
        ...cell('pg-reopen-killed', 'pglite-opfs-ahp strict', 1),
        error: { kind: 'failed', message: 'no tree' } as const,
      },
    ]
    const chromium = held('reopening', document(results))
    expect(chromium.map(({ bar }) => bar.value)).toEqual([450, 450])
    expect(chromium.map(judge)).toEqual(['met', 'not met'])
    expect(held('reopening', document(results, [], 'firefox')).map(judge)).toEqual([
      'not met',
      'not met',
    ])
  })

  test('the flushes of a checkpoint counts the files and the segments', () => {
    const title = 'flushes of a checkpoint, or a close, after writing to 50 tables'
    const counters = { flushes: 20, filesDirtied: 12, walSegmentsRecycled: 2 }
    const [one] = held(title, document([cell('pg-checkpoint', 'opfs-ahp strict', 9, counters)]))
    expect(one).toMatchObject({ measured: exactly(20), bar: exactly(19) })
  })

  test('a window allows one flush, the last one begun included', () => {
    const counters = { flushes: 11, windows: 10.02 }
    const run = document([cell('commit-window', 'opfs-ahp relaxed', 1.1, counters)])
    const [one] = held('flushes of relaxed commits in a steady state', run)
    expect(one).toMatchObject({ measured: exactly(11), bar: exactly(11) })
  })
})

describe('a figure', () => {
  const bar = { value: 10, low: 9, high: 11 }

  test('is met, equal where intervals overlap, or not met', () => {
    const judged = [
      { value: 10, low: 5, high: 20 },
      { value: 12, low: 11, high: 13 },
      { value: 12, low: 11.1, high: 13 },
    ].map((measured) => judge({ what: '', unit: '', measured, bar }))
    expect(judged).toEqual(['met', 'equal', 'not met'])
  })

  test('that is not to be trusted is not judged', () => {
    const error = { kind: 'wrong-result', message: 'a row is missing' } as const
    const run = document([
      cell('pg-create', 'memory none', 100),
      { ...cell('pg-create', 'opfs-ahp strict', 1), error },
    ])
    expect(held('creating', run)).toEqual([])
  })
})

test('the verdict names every bar, with its formula where the run has figures for it', () => {
  const results = [
    cell('pg-create', 'memory none', 1_000),
    cell('pg-create', 'opfs-ahp strict', 1_200),
    cell('pg-create', 'opfs-ahp relaxed', 1_300),
  ]
  const { text, passed } = verdictOn(document(results))
  expect(passed).toBe(false)
  expect(text).toMatch(/creating: at most 1\.25 × memory/)
  expect(text).toMatch(/pg-create strict\s+1,200\s+bar 1,250\s+ms\s+met/)
  expect(text).toMatch(/pg-create relaxed\s+1,300\s+bar 1,250\s+ms\s+not met/)
  expect(text).toContain('1 met, 0 equal within intervals, 1 not met')
  const missing = text.split('No figures in this run for: ')[1] ?? ''
  for (const { title } of BARS.filter((bar) => bar.title !== 'creating')) {
    expect(missing).toContain(title)
  }
})
