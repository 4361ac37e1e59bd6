// What a kill may leave, against Postgres itself (PGlite in memory, in node).

import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SqlDatabase } from '../backends/sql.ts'
import { checkKilled, commitUntilKilled } from './kill.ts'
import { payload } from './rows.ts'

const TIMEOUT_MS = 60_000

describe('after a kill', () => {
  let pg: PGlite

  async function holding(...ids: number[]): Promise<void> {
    await pg.exec('DELETE FROM bench_kill')
    for (const id of ids) {
      await pg.query('INSERT INTO bench_kill VALUES ($1, $2)', [id, payload('1k', id, 0)])
    }
  }

  beforeAll(async () => {
    pg = await PGlite.create()
    await pg.exec('CREATE TABLE bench_kill (id int PRIMARY KEY, payload text NOT NULL)')
  }, TIMEOUT_MS)

  afterAll(() => pg.close())

  test('commits that nobody heard of may be there or not', async () => {
    await holding(1, 2, 3)
    await expect(checkKilled(pg, 3)).resolves.toBeUndefined()
    await expect(checkKilled(pg, 2)).resolves.toBeUndefined()
  })

  test('one that was acknowledged may not be missing', async () => {
    await holding(1, 2)
    await expect(checkKilled(pg, 3)).rejects.toThrow('2 of 3 acknowledged rows')
  })

  test('a later one without an earlier one is a loss', async () => {
    await holding(1, 3, 4)
    await expect(checkKilled(pg, 2)).rejects.toThrow('row 2 is missing')
  })

  test('half a row is damage', async () => {
    await holding(1, 2)
    await pg.exec("UPDATE bench_kill SET payload = 'x' WHERE id = 2")
    await expect(checkKilled(pg, 2)).rejects.toThrow('row 2 is damaged')
  })
})

test(
  'once enough is acknowledged, each commit has a turn of the event loop of its own',
  async () => {
    const pg = await PGlite.create()
    const TURNS = 5
    let commits = 0
    let most = Infinity
    const counting: SqlDatabase = {
      query(sql, parameters) {
        // A loop that gives no turn must come to an end here.
        if (commits > most) return new Promise(() => {})
        commits++
        return pg.query(sql, parameters)
      },
      exec: (sql) => pg.exec(sql),
    }
    const acknowledged = await commitUntilKilled(counting)
    const before = commits
    most = commits + 2 * TURNS
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setTimeout(resolve))
    most = 0
    expect(commits - before).toBeLessThanOrEqual(TURNS)
    await expect(checkKilled(pg, acknowledged)).resolves.toBeUndefined()
    await pg.close()
  },
  TIMEOUT_MS,
)
