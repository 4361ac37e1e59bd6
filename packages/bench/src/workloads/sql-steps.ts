// The steps of the SQL suite, in the spirit of SQLite's speedtest: what each one executes, and what it
// makes of the tables. A step relies on those before it; sql-suite.ts sees to that.

import type { Results } from '@electric-sql/pglite'
import { B_MODULUS, row, spelled, type Row, type Tables } from './sql-model.ts'
import { expectEqual } from './workload.ts'

export interface SqlStep {
  readonly name: string
  readonly summary: string
  /** One `exec`. Several statements without BEGIN are one implicit transaction. */
  sql(): string
  /** Does the same to the model; without it the step changes nothing. */
  apply?(tables: Tables): void
  /** Compares what the statements answered. */
  check?(results: readonly Results[], tables: Tables): void
}

const LIST_ROWS = 1_000
const ROWS = 10_000
const SCANS = 50
const LOOKUPS = 2_000
const UPDATES = 5_000
const CTAS_ROWS = 100_000

const COLUMNS = '(a int NOT NULL, b int NOT NULL, c text NOT NULL)'

export const SQL_STEPS: readonly SqlStep[] = [
  {
    name: 'insert-list',
    summary: `${LIST_ROWS} INSERTs, one implicit transaction`,
    sql: () => `CREATE TABLE sql_list ${COLUMNS};${inserts('sql_list', LIST_ROWS)}`,
    apply: (tables) => tables.set('sql_list', rowsUpTo(LIST_ROWS)),
  },
  {
    name: 'insert-transaction',
    summary: `${ROWS} INSERTs between BEGIN and COMMIT`,
    sql: () => `BEGIN;CREATE TABLE sql_plain ${COLUMNS};${inserts('sql_plain', ROWS)}COMMIT;`,
    apply: (tables) => tables.set('sql_plain', rowsUpTo(ROWS)),
  },
  {
    name: 'insert-indexed',
    summary: `${ROWS} INSERTs into a table with two indexes, between BEGIN and COMMIT`,
    sql: () =>
      `BEGIN;CREATE TABLE sql_indexed ${COLUMNS};CREATE INDEX ON sql_indexed (a);` +
      `CREATE INDEX ON sql_indexed (b);${inserts('sql_indexed', ROWS)}COMMIT;`,
    apply: (tables) => tables.set('sql_indexed', rowsUpTo(ROWS)),
  },
  {
    name: 'insert-select',
    summary: `INSERT … SELECT of ${ROWS} rows into the table with two indexes`,
    sql: () => `INSERT INTO sql_indexed SELECT a + ${ROWS}, b, c FROM sql_plain`,
    apply: (tables) =>
      change(tables, 'sql_indexed', (rows) => [
        ...rows,
        ...table(tables, 'sql_plain').map((each) => ({ ...each, a: each.a + ROWS })),
      ]),
  },
  {
    name: 'select-scan',
    summary: `${SCANS} aggregates over a range, each reading the whole table`,
    sql: () =>
      statements(SCANS, (turn) => {
        const [low, high] = range(turn)
        return `SELECT count(*)::int AS n FROM sql_plain WHERE b >= ${low} AND b < ${high}`
      }),
    check(results, tables) {
      results.forEach((result, turn) => {
        const [low, high] = range(turn)
        const found = table(tables, 'sql_plain').filter(({ b }) => b >= low && b < high)
        expectEqual('rows in a range', answer(result), found.length)
      })
    },
  },
  {
    name: 'select-string',
    summary: `${SCANS} counts of rows whose text contains a word`,
    sql: () =>
      statements(
        SCANS,
        (turn) => `SELECT count(*)::int AS n FROM sql_plain WHERE c LIKE '%${word(turn)}%'`,
      ),
    check(results, tables) {
      results.forEach((result, turn) => {
        const found = table(tables, 'sql_plain').filter(({ c }) => c.includes(word(turn)))
        expectEqual('rows with a word', answer(result), found.length)
      })
    },
  },
  {
    name: 'create-index',
    summary: `three indexes on ${ROWS} rows, one of them on text`,
    sql: () => ['a', 'b', 'c'].map((column) => `CREATE INDEX ON sql_plain (${column});`).join(''),
  },
  {
    name: 'select-index',
    summary: `${LOOKUPS} SELECTs of one row by an index`,
    sql: () => statements(LOOKUPS, (turn) => `SELECT b AS n FROM sql_plain WHERE a = ${key(turn)}`),
    check(results) {
      results.forEach((result, turn) => {
        expectEqual('a row by its key', answer(result), row(key(turn)).b)
      })
    },
  },
  {
    name: 'select-string-index',
    summary: `${LOOKUPS} SELECTs of one row by an index on text`,
    sql: () =>
      statements(LOOKUPS, (turn) => `SELECT a AS n FROM sql_plain WHERE c = '${row(key(turn)).c}'`),
    check(results) {
      results.forEach((result, turn) => expectEqual('a row by text', answer(result), key(turn)))
    },
  },
  {
    name: 'update-scan',
    summary: `${SCANS} UPDATEs of a range, each reading the whole table`,
    sql: () =>
      statements(SCANS, (turn) => `UPDATE sql_list SET b = b + 1 WHERE a % ${SCANS} = ${turn}`),
    apply: (tables) => change(tables, 'sql_list', (rows) => rows.map(incremented)),
  },
  {
    name: 'update-index',
    summary: `${UPDATES} UPDATEs of one row by an index, between BEGIN and COMMIT`,
    sql: () => {
      const updates = statements(
        UPDATES,
        (turn) => `UPDATE sql_plain SET b = b + 1 WHERE a = ${turn + 1}`,
      )
      return `BEGIN;${updates}COMMIT;`
    },
    apply: (tables) =>
      change(tables, 'sql_plain', (rows) =>
        rows.map((each) => (each.a <= UPDATES ? incremented(each) : each)),
      ),
  },
  {
    name: 'delete-scan',
    summary: 'one DELETE of the rows whose text contains a word',
    sql: () => `DELETE FROM sql_indexed WHERE c LIKE '%${word(7)}%'`,
    apply: (tables) =>
      change(tables, 'sql_indexed', (rows) => rows.filter(({ c }) => !c.includes(word(7)))),
  },
  {
    name: 'delete-index',
    summary: `one DELETE of a range of ${ROWS} keys by an index`,
    sql: () => `DELETE FROM sql_indexed WHERE a > ${ROWS / 2} AND a <= ${ROWS + ROWS / 2}`,
    apply: (tables) =>
      change(tables, 'sql_indexed', (rows) =>
        rows.filter(({ a }) => a <= ROWS / 2 || a > ROWS + ROWS / 2),
      ),
  },
  {
    name: 'ctas',
    summary: `CREATE TABLE AS of ${CTAS_ROWS} rows`,
    sql: () =>
      `CREATE TABLE sql_ctas AS SELECT i AS a, i % 1000 AS b, 'row ' || i AS c
       FROM generate_series(1, ${CTAS_ROWS}) AS i`,
    apply: (tables) =>
      tables.set(
        'sql_ctas',
        Array.from({ length: CTAS_ROWS }, (_, index) => ({
          a: index + 1,
          b: (index + 1) % 1_000,
          c: `row ${index + 1}`,
        })),
      ),
  },
  {
    name: 'vacuum',
    summary: 'VACUUM of the tables that were updated and deleted from',
    sql: () => 'VACUUM sql_list, sql_plain, sql_indexed',
  },
  {
    name: 'drop',
    summary: 'DROP of all the tables',
    sql: () => 'DROP TABLE sql_list, sql_plain, sql_indexed, sql_ctas',
    apply: (tables) => tables.clear(),
  },
]

function rowsUpTo(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => row(index + 1))
}

function inserts(into: string, count: number): string {
  return rowsUpTo(count)
    .map(({ a, b, c }) => `INSERT INTO ${into} VALUES (${a}, ${b}, '${c}');`)
    .join('')
}

function statements(count: number, statement: (turn: number) => string): string {
  return Array.from({ length: count }, (_, turn) => `${statement(turn)};`).join('')
}

/** A key between 1 and ROWS, not in order. */
function key(turn: number): number {
  return ((turn * 3_331) % ROWS) + 1
}

function range(turn: number): [low: number, high: number] {
  const low = (turn * 1_009) % B_MODULUS
  return [low, low + 10_000]
}

/** Two syllables. */
function word(turn: number): string {
  return spelled(turn * 211).slice(-5)
}

function table(tables: Tables, name: string): Row[] {
  const rows = tables.get(name)
  if (rows === undefined) throw new TypeError(`the model has no ${name}`)
  return rows
}

function change(tables: Tables, name: string, to: (rows: readonly Row[]) => Row[]): void {
  tables.set(name, to(table(tables, name)))
}

function incremented({ a, b, c }: Row): Row {
  return { a, b: b + 1, c }
}

function answer({ rows }: Results): unknown {
  return rows.length === 1 ? (rows[0] as { readonly n?: unknown }).n : `${rows.length} rows`
}
