import { describe, expect, test } from 'vitest'
import { cellOf, documentOf, spread } from '../../test/documents.ts'
import type { BenchDocument, BenchResult } from '../schema.ts'
import { compare, isJudged, regressions } from './compare.ts'
import { renderComparison } from './render.ts'

/** One sample in each of five rounds. */
function cell(workload: string, backend: string, middle: number, rounds = 5): BenchResult {
  return cellOf(workload, `${backend} strict`, spread(middle, rounds), { median: middle })
}

function document(results: readonly BenchResult[], browser = 'chromium'): BenchDocument {
  return documentOf({ results, browser, rounds: 5 })
}

function text(before: BenchDocument, after: BenchDocument): string {
  return renderComparison(
    { file: 'a.json', document: before },
    { file: 'b.json', document: after },
    compare(before, after),
  )
}

describe('two runs', () => {
  test('are compared cell by cell, and what overlaps is noise', () => {
    const before = document([
      cell('pg-create', 'one', 100),
      cell('pg-close', 'one', 100),
      cell('pg-reopen', 'one', 100),
    ])
    const after = document([
      cell('pg-create', 'one', 103),
      cell('pg-close', 'one', 200),
      cell('pg-reopen', 'one', 50),
    ])
    const { cells, means } = compare(before, after)
    expect(cells.map(({ workload, change }) => [workload, change])).toEqual([
      ['pg-create', 'same'],
      ['pg-close', 'slower'],
      ['pg-reopen', 'faster'],
    ])
    expect(cells[1]?.ratio.value).toBeCloseTo(2, 9)
    expect(cells[1]?.ratio.low).toBeCloseTo((0.98 / 1.02) * 2, 9)
    expect(means.at(-1)?.ratio.value).toBeCloseTo(1.03 ** (1 / 3), 9)
    expect(means.at(-1)?.change).toBe('same')
  })

  test('have a mean for each column', () => {
    const before = document([cell('pg-create', 'one', 1), cell('pg-create', 'two', 1)])
    const after = document([cell('pg-create', 'one', 2), cell('pg-create', 'two', 0.5)])
    const { means } = compare(before, after)
    expect(means.map(({ column, change }) => [column, change])).toEqual([
      ['one strict', 'slower'],
      ['two strict', 'faster'],
      ['all', 'same'],
    ])
    const [one, two, all] = means
    expect(one?.ratio.value).toBeCloseTo(2, 9)
    expect(two?.ratio.value).toBeCloseTo(0.5, 9)
    expect(all?.ratio.value).toBeCloseTo(1, 9)
  })

  test('say nothing about cells that one of them has not, or that are not to be trusted', () => {
    const wrong = { kind: 'wrong-result', message: 'a row is missing' } as const
    const before = document([cell('pg-create', 'one', 1), cell('pg-close', 'one', 1)])
    const after = document([
      { ...cell('pg-create', 'one', 9), error: wrong },
      cell('pg-close', 'one', 1),
      cell('pg-reopen', 'one', 1),
    ])
    const comparison = compare(before, after)
    expect(comparison.cells.map(({ workload }) => workload)).toEqual(['pg-close'])
    expect(comparison.onlyBefore).toEqual(['pg-create one strict'])
    expect(comparison.onlyAfter).toEqual(['pg-reopen one strict'])
  })

  test('keep a cell in which the clock has missed a few samples, and leave out one of which it shows nothing', () => {
    const ticks = (zeros: number): number[] =>
      Array.from({ length: 20 }, (_, index) => (index < zeros ? 0 : 0.02))
    const shown = cellOf('file-append', 'one strict', ticks(2))
    const hidden = cellOf('file-stat-100', 'one strict', ticks(12))
    const { cells } = compare(document([shown, hidden]), document([shown, hidden]))
    expect(cells.map(({ workload }) => workload)).toEqual(['file-append'])
  })

  test('cannot tell a change from noise with few rounds, and leave it out of the mean', () => {
    const before = document([cell('pg-create', 'one', 1, 3), cell('pg-close', 'one', 1)])
    const after = document([cell('pg-create', 'one', 9), cell('pg-close', 'one', 1)])
    const comparison = compare(before, after)
    expect(comparison.cells.map(({ change }) => change)).toEqual(['unknown', 'same'])
    expect(comparison.means.at(-1)?.ratio.value).toBeCloseTo(1, 9)
    expect(regressions(comparison, 10)).toEqual([])
    const said = text(before, after)
    expect(said).toContain('1 of 2 figures of fewer than 5 rounds, not judged')
    expect(said).toMatch(/pg-create +one strict +0\.990 → 9\.00 ms +9\.09× +too few rounds/)
  })

  test('of one round each are not judged, however many samples it holds', () => {
    const inOneRound = (middle: number): BenchDocument =>
      document([{ ...cell('pg-insert-small', 'one', middle, 50), samplesPerRound: [50] }])
    const comparison = compare(inOneRound(1), inOneRound(9))
    expect(comparison.means.map(({ column, change }) => [column, change])).toEqual([
      ['one strict', 'unknown'],
      ['all', 'unknown'],
    ])
    const { value, low, high } = comparison.means.at(-1)!.ratio
    expect(value).toBeCloseTo(9, 9)
    expect([low, high]).toEqual([value, value])
    expect(isJudged(comparison)).toBe(false)
    expect(regressions(comparison, 10)).toEqual([])
    const said = text(inOneRound(1), inOneRound(9))
    expect(said).toContain('no difference between them can be told from noise')
    expect(said).toMatch(/all +9\.00× +too few rounds/)
    expect(said).not.toContain('slower')
  })

  test('of different machines are compared with a warning', () => {
    const before = document([cell('pg-create', 'one', 1)])
    const after = document([cell('pg-create', 'one', 1)], 'firefox')
    expect(compare(before, after).differences).toEqual([
      'browser: chromium 1.2.3, then firefox 1.2.3',
    ])
    expect(compare(before, before).differences).toEqual([])
  })
})

describe('a limit', () => {
  const before = document([cell('pg-create', 'one', 100), cell('pg-close', 'one', 100)])

  test('is broken by a cell that is slower by more, and by the mean', () => {
    const after = document([cell('pg-create', 'one', 150), cell('pg-close', 'one', 120)])
    const comparison = compare(before, after)
    expect(regressions(comparison, 10)).toEqual([
      'pg-create one strict',
      'pg-close one strict',
      'geometric mean',
    ])
    expect(regressions(comparison, 40)).toEqual(['pg-create one strict'])
    expect(regressions(comparison, 60)).toEqual([])
  })

  test('is not broken by noise, nor by what became faster', () => {
    const noisy = document([cell('pg-create', 'one', 103), cell('pg-close', 'one', 20)])
    expect(regressions(compare(before, noisy), 0)).toEqual([])
  })
})

describe('in words', () => {
  test('the changes come worst first, then what did not change, then the means', () => {
    const before = document([
      cell('pg-create', 'one', 100),
      cell('pg-close', 'one', 100),
      cell('pg-reopen', 'one', 100),
    ])
    const after = document([
      cell('pg-create', 'one', 150),
      cell('pg-close', 'one', 300),
      cell('pg-reopen', 'one', 101),
    ])
    const said = text(before, after)
    expect(said).toMatch(/a\.json \(Chromium 1\.2\.3, .*abcdef, 5 rounds\)/)
    expect(said).toMatch(/pg-close +one strict +100 → 300 ms +3\.00× \[2\.88× … 3\.12×\] +slower/)
    expect(said.indexOf('pg-close')).toBeLessThan(said.indexOf('pg-create'))
    expect(said).not.toContain('pg-reopen')
    expect(said).toContain('1 of 3 figures within noise')
    expect(said).toMatch(/all +1\.66× \[.*\] +slower/)
  })

  test('counts that differ by more than averages do are listed', () => {
    const counted = (flushes: number, writes: number): BenchDocument =>
      document([
        { ...cell('pg-create', 'one', 1), counters: { flushes, writes, handles: flushes } },
      ])
    const { work } = compare(counted(2, 100), counted(3, 101))
    expect(work.map(({ counter, before, after }) => [counter, before, after])).toEqual([
      ['flushes', 2, 3],
    ])
    expect(text(counted(2, 100), counted(3, 101))).toMatch(
      /pg-create +one strict +flushes +2\.00 → 3\.00/,
    )
    expect(text(counted(2, 100), counted(2, 101))).not.toContain('Physical work')
  })

  test('runs with nothing in common say so', () => {
    const said = text(document([]), document([cell('pg-create', 'one', 1)]))
    expect(said).toContain('no figure in common')
  })
})
