import { describe, expect, test } from 'vitest'
import { cellOf, documentOf, probeOf } from '../../test/documents.ts'
import type { BenchDocument, BenchResult, ProbeResult } from '../schema.ts'
import type { Held } from './bars/bar.ts'
import { IDB_BARS } from './bars/idb.ts'
import { OPFS_AHP_BARS } from './bars/opfs-ahp.ts'
import { OPFS_WORKER_BARS } from './bars/opfs-worker.ts'
import { exactly } from '../interval.ts'
import { RunView } from './run-view.ts'
import { judge, verdictOn } from './verdict.ts'

function cell(
  workload: string,
  column: string,
  milliseconds: number,
  counters?: Readonly<Record<string, number>>,
): BenchResult {
  return cellOf(workload, column, [milliseconds], { counters })
}

function document(
  results: readonly BenchResult[],
  probes: readonly ProbeResult[] = [],
  browser = 'chromium',
): BenchDocument {
  return documentOf({ results, probes, browser })
}

function held(title: string, run: BenchDocument, list = OPFS_AHP_BARS): readonly Held[] {
  const bar = list.bars.find((candidate) => candidate.title === title)
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
    const probes = [probeOf('opfs-write-16k', 100), probeOf('opfs-write-16k-flush', 700)]
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
      probeOf('opfs-write-16k', 1),
      probeOf('opfs-write-19k', 100),
      probeOf('opfs-read-8k', 1),
    ]
    const [near] = held(title, document(results, [...probes, probeOf('opfs-write-21k-flush', 1)]))
    expect(near?.bar.value).toBeCloseTo(1 + 0.13 + 0.02, 9)
    expect(held(title, document(results, [probeOf('opfs-write-16k', 1)]))).toEqual([])
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

  test('an SQL workload adds its bytes, reads and flushes at raw speed', () => {
    const results = [
      cell('sql-ctas', 'memory none', 100),
      cell('sql-ctas', 'opfs-ahp strict', 105, { bytesWritten: 2_621_440, reads: 10, flushes: 2 }),
      cell('sql-total', 'memory none', 1_000),
      cell('sql-total', 'opfs-ahp strict', 1_101),
    ]
    const probes = [
      probeOf('opfs-write-256k', 100),
      probeOf('opfs-write-8k', 50),
      probeOf('opfs-write-8k-flush', 650),
      probeOf('opfs-read-8k', 20),
    ]
    const run = document(results, probes)
    const [step, ...others] = held('SQL suite, each workload', run)
    expect(others).toEqual([])
    expect(step?.bar.value).toBeCloseTo(100 + 1.3 * (1 + 0.2 + 1.2) + 2, 9)
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

describe('of idb, the bar of', () => {
  test('a strict INSERT is memory and a raw put of a chunk', () => {
    const results = [
      cell('pg-insert-small', 'memory none', 0.5),
      cell('pg-insert-small', 'idb strict', 2.1),
      cell('pg-insert-small', 'idb relaxed', 9),
    ]
    const run = document(results, [probeOf('idb-put-64k-strict', 1_000)])
    const all = held('strict single-row INSERT', run, IDB_BARS)
    expect(all).toMatchObject([{ what: 'pg-insert-small strict', bar: exactly(2) }])
    expect(all.map(judge)).toEqual(['not met'])
  })

  test('an INSERT is a fortieth of what the rival takes, which must have been measured', () => {
    const ours = cell('pg-insert-1k', 'idb strict', 3)
    const title = 'INSERT beside pglite-idb'
    const run = document([ours, cell('pg-insert-1k', 'pglite-idb strict', 160)])
    expect(held(title, run, IDB_BARS)).toMatchObject([{ bar: exactly(4) }])
    expect(held(title, document([ours]), IDB_BARS)).toEqual([])
  })

  test('a SELECT allows no transaction', () => {
    const judged = [0, 0.01].map((transactions) => {
      const run = document([cell('pg-select-1k', 'idb strict', 1, { transactions })])
      return held('transactions of a SELECT', run, IDB_BARS).map(judge)
    })
    expect(judged).toEqual([['met'], ['not met']])
  })
})

describe('of opfs-worker, the bar of', () => {
  const roundTrip = { ...cell('worker-round-trip', 'opfs-worker relaxed', 12), unit: 'us' } as const

  test('a round trip is 15 µs in Chromium, and a bare one and a third in both', () => {
    const probes = [probeOf('atomics-round-trip', 10)]
    const absolute = "an empty call's round trip"
    const [chromium] = held(absolute, document([roundTrip], probes), OPFS_WORKER_BARS)
    expect(chromium?.measured.value).toBeCloseTo(0.012, 9)
    expect(chromium?.bar.value).toBeCloseTo(0.015, 9)
    const firefox = document([roundTrip], probes, 'firefox')
    expect(held(absolute, firefox, OPFS_WORKER_BARS)).toEqual([])
    const [beside] = held(`${absolute} beside a bare one`, firefox, OPFS_WORKER_BARS)
    expect(beside?.bar.value).toBeCloseTo(0.013, 9)
  })

  test('a cold read is a raw one, a round trip and 5 µs', () => {
    const cold = { ...cell('file-read-cold-8k', 'opfs-worker relaxed', 21), unit: 'us' } as const
    const run = document([roundTrip, cold], [probeOf('opfs-read-8k-cold', 5)])
    const [one] = held('a cold read of 8 KiB', run, OPFS_WORKER_BARS)
    expect(one?.measured.value).toBeCloseTo(0.021, 9)
    expect(one?.bar.value).toBeCloseTo(0.022, 9)
  })

  test('sequential writes is what a raw handle takes, flushed for a strict one', () => {
    const results = [
      cell('file-write-sequential-256k', 'opfs-worker strict', 19),
      cell('file-write-sequential-256k', 'opfs-worker relaxed', 11),
    ]
    const raw = [
      probeOf('opfs-sequential-256k', 9_000),
      probeOf('opfs-sequential-256k-flush', 18_000),
    ]
    const all = held('sequential writes of 256 KiB', document(results, raw), OPFS_WORKER_BARS)
    expect(all.map(({ bar }) => bar.value)).toEqual([10, 20])
    expect(all.map(judge)).toEqual(['not met', 'met'])
  })

  test('a commit adds one round trip if relaxed, and two if strict', () => {
    const strictTrip = { ...roundTrip, durability: 'strict' } as const
    const results = [
      roundTrip,
      strictTrip,
      cell('pg-insert-small', 'memory none', 1),
      cell('pg-insert-small', 'opfs-worker relaxed', 1, { bytesWritten: 8_192 }),
      cell('pg-insert-small', 'opfs-worker strict', 1, { bytesWritten: 8_192 }),
    ]
    const run = document(results, [
      probeOf('opfs-write-8k', 88),
      probeOf('opfs-write-8k-flush', 500),
    ])
    const [relaxed] = held('single-row commit, relaxed', run, OPFS_WORKER_BARS)
    expect(relaxed?.bar.value).toBeCloseTo(1 + 1.3 * (0.088 + 0.012), 9)
    const [strict] = held('single-row commit, strict', run, OPFS_WORKER_BARS)
    expect(strict?.bar.value).toBeCloseTo(1 + 1.3 * 0.5 + 2 * 0.012, 9)
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
  expect(text).toMatch(/opfs-ahp, creating: at most 1\.25 × memory/)
  expect(text).toMatch(/pg-create strict\s+1,200\s+bar 1,250\s+ms\s+met/)
  expect(text).toMatch(/pg-create relaxed\s+1,300\s+bar 1,250\s+ms\s+not met/)
  expect(text).toContain('1 met, 0 equal within intervals, 1 not met')
  const missing = text.split('opfs-ahp: no figures in this run for: ')[1] ?? ''
  for (const { title } of OPFS_AHP_BARS.bars.filter((bar) => bar.title !== 'creating')) {
    expect(missing).toContain(title)
  }
})

test('the verdict leaves out the bars of backends that did not take part', () => {
  const { text } = verdictOn(document([cell('pg-create', 'opfs-ahp strict', 1)]))
  expect(text).toContain('opfs-ahp')
  expect(text).not.toContain('idb')
  const none = verdictOn(document([cell('pg-create', 'memory none', 1)]))
  expect(none.text).toContain('None of the backends in this run has bars')
  expect(none.passed).toBe(true)
})
