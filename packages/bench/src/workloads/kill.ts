// Commits for a worker to be terminated in, and what must be left of them. Called by browser/life.ts
// around the workload pg-reopen-killed.

import type { SqlDatabase } from '../backends/sql.ts'
import { payload } from './rows.ts'
import { WrongResult } from './workload.ts'

/** Commits that are acknowledged for certain before the worker is terminated. */
export const ACKNOWLEDGED = 20

/**
 * Commits row after row. Resolves when the first ones are acknowledged, and goes on committing: only
 * the end of the worker stops it, so that it comes in the middle of a commit.
 */
export async function commitUntilKilled(sql: SqlDatabase): Promise<number> {
  await sql.exec('CREATE TABLE bench_kill (id int PRIMARY KEY, payload text NOT NULL)')
  const insert = (id: number): Promise<unknown> =>
    sql.query('INSERT INTO bench_kill VALUES ($1, $2)', [id, payload('1k', id, 0)])
  for (let id = 1; id <= ACKNOWLEDGED; id++) await insert(id)
  void (async () => {
    for (let id = ACKNOWLEDGED + 1; ; id++) await insert(id)
  })()
  return ACKNOWLEDGED
}

/** Every acknowledged row is there, whole, and none is missing between it and the newest. */
export async function checkKilled(sql: SqlDatabase, acknowledged: number): Promise<void> {
  const { rows } = await sql.query<{ id: number; payload: string }>(
    'SELECT id, payload FROM bench_kill ORDER BY id',
  )
  rows.forEach((row, index) => {
    if (row.id !== index + 1) throw new WrongResult(`row ${index + 1} is missing after the kill`)
    if (row.payload !== payload('1k', row.id, 0)) throw new WrongResult(`row ${row.id} is damaged`)
  })
  if (rows.length < acknowledged) {
    throw new WrongResult(`${rows.length} of ${acknowledged} acknowledged rows survived the kill`)
  }
}
