// Commits for a worker to be terminated in, and what must be left of them. Called by browser/life.ts
// around the workload pg-reopen-killed.

import type { SqlDatabase } from '../backends/sql.ts'
import { payload, RowTable } from './rows.ts'
import { WrongResult } from './workload.ts'

const TABLE = 'bench_kill'

/** Rows of 1 KiB in the first commit: what every store has to recover. */
const LOADED = 1_000
/** Commits of one row that are acknowledged for certain before the worker is terminated. */
const COMMITTED = 20

/**
 * Commits row after row. Resolves, with the rows acknowledged by then, when there are enough, and goes on
 * committing: only the end of the worker stops it.
 */
export async function commitUntilKilled(sql: SqlDatabase): Promise<number> {
  const table = new RowTable('1k', TABLE)
  await table.create(sql)
  await table.fill(sql, LOADED)
  const commit = async (): Promise<void> => {
    await table.insert(sql).run()
  }
  for (let committed = 0; committed < COMMITTED; committed++) await commit()
  void (async () => {
    for (;;) {
      // Chromium lets a terminated worker finish its turn of the event loop, for up to two seconds. With all
      // commits in one turn, a fast store would leave thousands to recover, and a slow one few.
      await new Promise((resolve) => setTimeout(resolve))
      await commit()
    }
  })()
  return LOADED + COMMITTED
}

/** Every acknowledged row is there, whole, and none is missing between it and the newest. */
export async function checkKilled(sql: SqlDatabase, acknowledged: number): Promise<void> {
  const { rows } = await sql.query<{ id: number; payload: string }>(
    `SELECT id, payload FROM ${TABLE} ORDER BY id`,
  )
  rows.forEach((row, index) => {
    if (row.id !== index + 1) throw new WrongResult(`row ${index + 1} is missing after the kill`)
    if (row.payload !== payload('1k', row.id, 0)) throw new WrongResult(`row ${row.id} is damaged`)
  })
  if (rows.length < acknowledged) {
    throw new WrongResult(`${rows.length} of ${acknowledged} acknowledged rows survived the kill`)
  }
}
