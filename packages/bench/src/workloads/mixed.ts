// Reads and writes at random in a table larger than Postgres's shared buffers (128 MB) and than any cache
// below them: most reads go to the file system, and most writes push out a page that was changed before.

import type { PGlite } from '@electric-sql/pglite'
import type { PostgresSession } from './session.ts'
import { expectEqual, REPEAT_MAX, WrongResult, type PostgresWorkload } from './workload.ts'

const MIB = 1_024 ** 2
const PAGE_BYTES = 8_192
const SIZE_MIB = 192
const FILLER_REPEATS = 220
const ROWS_PER_STATEMENT = 2_048
const READS = 8
const WRITES = 2

export const mixed: PostgresWorkload = {
  name: 'pg-mixed',
  summary: `${READS} SELECTs and ${WRITES} UPDATEs of rows of 7 KiB at random in ${SIZE_MIB} MiB (or --size, if less)`,
  kind: 'postgres',
  life: 'mixed',
  set: 'full',
  phase: 'use',
  unit: 'ms',
  deadlineMs: 300_000,
  async run(session, meter) {
    await session.warmUp()
    const { pg } = session
    const versions = await fill(session)
    let turn = 0
    const next = (): number => (Math.imul(++turn, 0x9e3779b1) >>> 0) % versions.length
    await meter.repeat(() => {
      const reads = Array.from({ length: READS }, next)
      const writes = Array.from({ length: WRITES }, next)
      return {
        async run() {
          const found: Row[] = []
          for (const index of reads) found.push(...(await select(pg, index)))
          for (const index of writes) await update(pg, index)
          return found
        },
        check(found) {
          expectEqual('rows selected', found.length, READS)
          for (const { id, version, filler } of found) checkRow(id, version, filler, versions)
          for (const index of writes) versions[index] = (versions[index] ?? 0) + 1
        },
      }
    })
    for (let count = 0; count < REPEAT_MAX; count++) {
      for (const { id, version, filler } of await select(pg, next())) {
        checkRow(id, version, filler, versions)
      }
    }
  },
}

interface Row {
  readonly id: number
  readonly version: number
  readonly filler: number
}

/** One row to a page, stored as it is. Returns the version of each row, by id - 1. */
async function fill({ pg, settings }: PostgresSession): Promise<number[]> {
  const rows = Math.ceil((Math.min(SIZE_MIB, settings.sizeMiB) * MIB) / PAGE_BYTES)
  await pg.exec(`CREATE TABLE mixed (id int PRIMARY KEY, version int NOT NULL, filler text NOT NULL);
    ALTER TABLE mixed ALTER filler SET STORAGE PLAIN`)
  for (let from = 1; from <= rows; from += ROWS_PER_STATEMENT) {
    const to = Math.min(rows, from + ROWS_PER_STATEMENT - 1)
    await pg.exec(`INSERT INTO mixed SELECT i, 0, repeat(md5(i::text), ${FILLER_REPEATS})
      FROM generate_series(${from}, ${to}) AS i`)
  }
  await pg.exec('CHECKPOINT')
  return Array.from({ length: rows }, () => 0)
}

async function select(pg: PGlite, index: number): Promise<Row[]> {
  const { rows } = await pg.query<Row>(
    'SELECT id, version, length(filler) AS filler FROM mixed WHERE id = $1',
    [index + 1],
  )
  return rows
}

async function update(pg: PGlite, index: number): Promise<void> {
  const { affectedRows } = await pg.query('UPDATE mixed SET version = version + 1 WHERE id = $1', [
    index + 1,
  ])
  expectEqual('rows updated', affectedRows, 1)
}

function checkRow(id: number, version: number, filler: number, versions: readonly number[]): void {
  if (version !== versions[id - 1]) throw new WrongResult(`row ${id} has version ${version}`)
  if (filler !== 32 * FILLER_REPEATS) throw new WrongResult(`row ${id} was cut`)
}
