// The rows and their model, against Postgres itself (PGlite in memory, in node).

import { gzipSync } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ExpectedTable } from '../protocol.ts'
import { checkTable, payload, PAYLOAD_BYTES, ROW_SIZES, RowTable } from './rows.ts'
import { WrongResult, type Operation } from './workload.ts'

describe('payloads', () => {
  test('have their size, and differ by id and by version', () => {
    for (const size of ROW_SIZES) {
      const texts = new Set<string>()
      for (let id = 1; id <= 200; id++) {
        for (const version of [0, 1, 2]) {
          const text = payload(size, id, version)
          expect(text).toHaveLength(PAYLOAD_BYTES[size])
          texts.add(text)
        }
      }
      expect(texts.size).toBe(600)
    }
  })

  test('are the same each time', () => {
    expect(payload('1k', 7, 3)).toBe(payload('1k', 7, 3))
  })

  test('do not compress beyond what six bits in a byte leave', () => {
    const text = Array.from({ length: 50 }, (_, id) => payload('10k', id + 1, 0)).join('')
    expect(gzipSync(text).length / text.length).toBeGreaterThan(0.74)
  })
})

describe('a table', () => {
  const table = new RowTable('10k')
  let pg: PGlite

  beforeAll(async () => {
    pg = await PGlite.create()
    await table.create(pg)
  }, 60_000)

  afterAll(() => pg.close())

  async function perform<Result>({ run, check }: Operation<Result>): Promise<void> {
    check?.(await run())
  }

  const expected = (): Promise<ExpectedTable> => table.expected([])

  test('without rows has the digest of nothing', async () => {
    // sha256sum of an empty file
    const digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(await expected()).toMatchObject({ table: 'bench_10k', rows: 0, digest })
    await checkTable(pg, await expected())
  })

  test('holds what its operations left in it', async () => {
    await table.fill(pg, 5)
    for (let turn = 0; turn < 3; turn++) {
      await perform(table.insert(pg))
      await perform(table.update(pg, turn))
      await perform(table.select(pg, turn))
    }
    await perform(table.delete(pg))
    expect(await expected()).toMatchObject({ rows: 7 })
    await checkTable(pg, await expected())
  })

  test('is filled up to a number of rows and not by it', async () => {
    await table.fill(pg, 7)
    expect(await expected()).toMatchObject({ rows: 7 })
    await table.fill(pg, 9)
    expect(await expected()).toMatchObject({ rows: 9 })
    await checkTable(pg, await expected())
  })

  test('stores payloads out of line and uncompressed', async () => {
    const { rows } = await pg.query<{ stored: number }>(
      'SELECT pg_column_size(payload)::int AS stored FROM bench_10k LIMIT 1',
    )
    expect(rows[0]?.stored).toBeGreaterThanOrEqual(PAYLOAD_BYTES['10k'])
  })

  test('that was changed behind its back is found out', async () => {
    const before = await expected()
    await pg.exec('BEGIN')
    await pg.exec("UPDATE bench_10k SET payload = payload || 'x' WHERE id = 4")
    await expect(checkTable(pg, before)).rejects.toThrow(WrongResult)
    await expect(checkTable(pg, before)).rejects.toThrow(/digest/)
    await pg.exec('ROLLBACK')
    await checkTable(pg, before)

    await pg.exec('BEGIN')
    await pg.exec('DELETE FROM bench_10k WHERE id = 4')
    await expect(checkTable(pg, before)).rejects.toThrow('rows in bench_10k: 8 instead of 9')
    await pg.exec('ROLLBACK')
  })

  test('notices a read of another payload, and a write that met no row', async () => {
    const select = table.select(pg, 0)
    expect(() => select.check?.({ rows: [{ payload: 'other' }] })).toThrow(WrongResult)
    expect(() => select.check?.({ rows: [] })).toThrow('rows selected: 0 instead of 1')
    const update = table.update(pg, 0)
    expect(() => update.check?.({ rows: [], affectedRows: 0 })).toThrow(WrongResult)
    await checkTable(pg, await expected())
  })
})
