// Stores that are large in bytes or in files: how long they take to open (against pg-reopen, which
// opens an almost empty one) and how much JavaScript memory the file system alone holds.

import { backendNamed } from '../backends/index.ts'
import type { Column } from '../protocol.ts'
import type { PostgresSession } from './session.ts'
import { expectEqual, type LifeName, type PostgresWorkload } from './workload.ts'

const FILL_DEADLINE_MS = 1_800_000
const MIB = 1024 ** 2
const ROW_BYTES = 7_000
const BATCH_MIB = 16
const TABLES_PER_TRANSACTION = 200

/** Rows of one page each, whose text is stored as it is, so that the size is the one asked for. */
async function fillWithBytes({ pg, settings }: PostgresSession): Promise<void> {
  await pg.exec(`CREATE TABLE bench_large (id int NOT NULL, payload text NOT NULL);
    ALTER TABLE bench_large ALTER payload SET STORAGE PLAIN`)
  const rows = Math.ceil((settings.sizeMiB * MIB) / 8_192)
  const batch = (BATCH_MIB * MIB) / 8_192
  for (let from = 1; from <= rows; from += batch) {
    await pg.exec(`INSERT INTO bench_large SELECT i, repeat(md5(i::text), ${ROW_BYTES} / 32)
      FROM generate_series(${from}, ${Math.min(rows, from + batch - 1)}) AS i`)
  }
  const { rows: sizes } = await pg.query<{ pages: number }>(
    `SELECT (pg_relation_size('bench_large') / 8192)::int AS pages`,
  )
  expectEqual('pages of bench_large', sizes[0]?.pages, rows)
}

/** Tables of one row, so that each has a file that is not empty. */
async function fillWithTables({ pg, settings }: PostgresSession): Promise<void> {
  for (let from = 1; from <= settings.tables; from += TABLES_PER_TRANSACTION) {
    const to = Math.min(settings.tables, from + TABLES_PER_TRANSACTION - 1)
    await pg.exec(`DO $$ BEGIN FOR i IN ${from}..${to} LOOP
      EXECUTE format('CREATE TABLE bench_many_%s AS SELECT %s AS id', i, i);
    END LOOP; END $$`)
  }
  const { rows } = await pg.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_class WHERE relname LIKE 'bench_many_%'`,
  )
  expectEqual('tables', rows[0]?.count, settings.tables)
}

function opening(
  life: LifeName,
  what: string,
  prepare: (session: PostgresSession) => Promise<void>,
): PostgresWorkload[] {
  const common = {
    kind: 'postgres',
    life,
    set: 'full',
    deadlineMs: FILL_DEADLINE_MS,
    prepare,
    unfit: ({ backend }: Column) =>
      backendNamed(backend).vfs === undefined || !backendNamed(backend).persistent
        ? 'for our own file systems that persist'
        : undefined,
  } as const
  return [
    {
      ...common,
      name: `pg-${life}-open`,
      summary: `reopen ${what}, up to the answer to SELECT 1; pg-reopen is the same with little in it`,
      phase: 'reopen',
      unit: 'ms',
      run: (session, meter) => meter.once(() => session.reopen()),
    },
    {
      ...common,
      name: `vfs-${life}-memory`,
      summary: `JavaScript memory that the file system alone takes with ${what} in it (Chromium)`,
      phase: 'mount',
      needsDriver: true,
      unit: 'MiB',
      async run(session, meter) {
        meter.record((await session.mountedMemoryBytes()) / MIB)
      },
    },
  ]
}

export const large: readonly PostgresWorkload[] = [
  ...opening('large', 'a database of --size MiB', fillWithBytes),
  ...opening('many-tables', 'a database of --tables tables', fillWithTables),
]
