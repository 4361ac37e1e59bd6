// What the workloads that any SQL database can run need of one. PGlite is one as it is; another gets an
// adapter that answers in the same shape.

export interface SqlResult<Row> {
  readonly rows: Row[]
  /** Rows that the statement changed. */
  readonly affectedRows?: number | undefined
}

export interface SqlDatabase {
  /** One statement, with parameters `$1`, `$2` …; committed when it resolves, unless within BEGIN. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<SqlResult<Row>>
  /** Any number of statements. */
  exec(sql: string): Promise<unknown>
}
