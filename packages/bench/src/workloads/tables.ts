// A CHECKPOINT, and a close, after rows were written to fifty tables: what Postgres then makes durable
// at once, and in how many flushes. The figures to read are the counters.

import type { PostgresSession } from './session.ts'
import { payload } from './rows.ts'
import { expectEqual, type Meter, type PostgresWorkload } from './workload.ts'

const TABLES = 50
const ROWS_PER_TABLE = 20

const TABLES_LIFE = {
  kind: 'postgres',
  life: 'tables',
  set: 'full',
  unit: 'ms',
  deadlineMs: 90_000,
  watchesHandles: true,
} as const

export const pgCheckpoint: PostgresWorkload = {
  ...TABLES_LIFE,
  name: 'pg-checkpoint',
  summary: `CHECKPOINT after writing ${TABLES * ROWS_PER_TABLE} rows to ${TABLES} tables`,
  phase: 'use',
  async run(session, meter) {
    const { pg } = session
    // What creation left behind is not to be counted.
    await pg.exec('CHECKPOINT')
    await writeToTables(session)
    const before = await walSegmentsAhead(session)
    session.handles.mark()
    await meter.once(() => pg.exec('CHECKPOINT'))
    countDirtied(session, meter)
    meter.count({ walSegmentsRecycled: Math.max(0, (await walSegmentsAhead(session)) - before) })
  },
}

export const pgCloseTables: PostgresWorkload = {
  ...TABLES_LIFE,
  name: 'pg-close-tables',
  summary: `closing after writing ${TABLES * ROWS_PER_TABLE} rows to ${TABLES} tables`,
  phase: 'close',
  prepare: writeToTables,
  async run(session, meter) {
    session.handles.mark()
    await meter.once(() => session.close())
    countDirtied(session, meter)
  },
}

function countDirtied({ handles }: PostgresSession, meter: Meter): void {
  const filesDirtied = handles.dirtiedSinceMark()
  if (filesDirtied !== undefined) meter.count({ filesDirtied })
}

/** Makes the tables the first time; adds the same number of rows to each, in one commit per table. */
async function writeToTables({ pg }: PostgresSession): Promise<void> {
  for (let table = 1; table <= TABLES; table++) {
    const name = `bench_table_${table}`
    await pg.exec(`CREATE TABLE IF NOT EXISTS ${name} (id serial PRIMARY KEY, payload text)`)
    const payloads = Array.from({ length: ROWS_PER_TABLE }, (_, index) =>
      payload('1k', index, table),
    )
    const { affectedRows } = await pg.query(
      `INSERT INTO ${name} (payload) SELECT unnest($1::text[])`,
      [payloads],
    )
    expectEqual('rows inserted', affectedRows, ROWS_PER_TABLE)
  }
}

/** Segments that wait to be written: a checkpoint makes them of those that it no longer needs. */
async function walSegmentsAhead({ pg }: PostgresSession): Promise<number> {
  const { rows } = await pg.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_ls_waldir()
     WHERE name ~ '^[0-9A-F]{24}$' AND name > pg_walfile_name(pg_current_wal_insert_lsn())`,
  )
  return rows[0]?.count ?? 0
}
