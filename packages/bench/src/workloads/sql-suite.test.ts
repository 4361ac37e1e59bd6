// The suite and its model, against Postgres itself (PGlite in memory, in node).

import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { row, spelled, summary } from './sql-model.ts'
import { SQL_STEPS } from './sql-steps.ts'
import { SqlSuite } from './sql-suite.ts'
import { WrongResult } from './workload.ts'

test('the text of a row spells its number, and no two rows share it', () => {
  expect(spelled(40_917)).toBe('pe ka ze lo ti')
  const texts = new Set(Array.from({ length: 10_000 }, (_, index) => row(index + 1).c))
  expect(texts.size).toBe(10_000)
})

test('a summary tells counts and sums apart', () => {
  expect(summary([])).toBe('0 0 0 0')
  expect(
    summary([
      { a: 1, b: 20, c: 'abc' },
      { a: 2, b: 1, c: '' },
    ]),
  ).toBe('2 3 21 3')
})

/** The whole suite, also on a machine that is busy. */
const TIMEOUT_MS = 120_000

describe('the suite', { timeout: TIMEOUT_MS }, () => {
  let pg: PGlite
  let reads = 0

  beforeAll(async () => {
    pg = await PGlite.create()
  }, TIMEOUT_MS)

  afterAll(() => pg.close())

  test('does what comes before a step, times every step once, and adds them up', async () => {
    const suite = new SqlSuite({ pg, stats: () => ({ reads: reads++, handles: 3 }) })
    const scan = await suite.timeOf('select-scan')
    expect(scan.ms).toBeGreaterThan(0)
    expect(scan.counters).toEqual({ reads: 1, handles: 3 })
    expect(await suite.timeOf('select-scan')).toBe(scan)

    const total = await suite.total()
    expect(total.counters).toEqual({ reads: SQL_STEPS.length, handles: 3 })
    let sum = 0
    for (const { name } of SQL_STEPS) sum += (await suite.timeOf(name)).ms
    expect(total.ms).toBeCloseTo(sum, 6)
    const { rows } = await pg.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
    expect(rows.length).toBe(0)
  })

  test('finds rows that Postgres lost, and no later step is believed', async () => {
    const suite = new SqlSuite({ pg, stats: () => ({}) })
    await suite.timeOf('insert-transaction')
    await pg.exec('DELETE FROM sql_plain WHERE a = 77')
    await expect(suite.timeOf('insert-indexed')).rejects.toThrow(WrongResult)
    await expect(suite.timeOf('drop')).rejects.toThrow('an earlier step')
  })
})
