// A store with a database on it, from creation to reopening, and what workloads share in it. Made by
// browser/life.ts for each part of a life; passed to each workload in turn.

import type { PGlite } from '@electric-sql/pglite'
import type { VfsCounters } from '@wasm-vfs/core'
import type { OpenDatabase, OpenPostgres } from '../backends/backend.ts'
import type { SqlDatabase } from '../backends/sql.ts'
import type { HandleWatch } from '../browser/handle-watch.ts'
import type { Neighbour } from '../browser/neighbour.ts'
import type { Column, Settings } from '../protocol.ts'
import { RowTable, type RowSize } from './rows.ts'
import { SqlSuite } from './sql-suite.ts'
import { warmUp } from './warm-up.ts'
import { WrongResult } from './workload.ts'

export interface SessionParts {
  readonly column: Column
  readonly settings: Settings
  readonly handles: HandleWatch
  open(): Promise<OpenDatabase | OpenPostgres>
  /** Another worker that commits to a database of its own. */
  startNeighbour(): Promise<Neighbour>
  /** Opens the file system without Postgres and says how many bytes of memory it took. */
  mountedMemoryBytes(): Promise<number>
}

export class PostgresSession {
  readonly column: Column
  readonly settings: Settings
  /** Counts only for workloads that set `watchesHandles`. */
  readonly handles: HandleWatch
  readonly suite: SqlSuite
  readonly #parts: SessionParts
  readonly #tables = new Map<RowSize, RowTable>()
  #isWarm = false
  #opened: OpenDatabase | OpenPostgres | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.column = parts.column
    this.settings = parts.settings
    this.handles = parts.handles
    this.suite = new SqlSuite(this)
  }

  /** Postgres or another database. */
  get sql(): SqlDatabase {
    if (this.#opened === undefined) throw new TypeError('the store is not open')
    return this.#opened.sql
  }

  get pg(): PGlite {
    if (this.#opened === undefined) throw new TypeError('the store is not open')
    if (!('pg' in this.#opened)) throw new TypeError('the database is not Postgres')
    return this.#opened.pg
  }

  /** Opens the store, which is empty: a database is made in it and synced. */
  async create(): Promise<void> {
    this.#opened = await this.#parts.open()
  }

  /** Opens the store that an earlier worker left, up to the answer to a first query. */
  async reopen(): Promise<void> {
    this.#opened = await this.#parts.open()
    const { rows } = await this.sql.query<{ one: number }>('SELECT 1 AS one')
    if (rows[0]?.one !== 1) throw new WrongResult('SELECT 1 answered something else')
  }

  async close(): Promise<void> {
    if (this.#opened === undefined) throw new TypeError('the store is not open')
    await this.#opened.close()
  }

  stats(): VfsCounters {
    return this.#opened?.stats?.() ?? {}
  }

  startNeighbour(): Promise<Neighbour> {
    return this.#parts.startNeighbour()
  }

  mountedMemoryBytes(): Promise<number> {
    return this.#parts.mountedMemoryBytes()
  }

  /** Before round trips are timed; what it costs, it costs once. */
  async warmUp(): Promise<void> {
    if (this.#isWarm) return
    this.#isWarm = true
    await warmUp(this.sql)
  }

  /** The table of rows of one size, made on first use. */
  async rows(size: RowSize): Promise<RowTable> {
    let table = this.#tables.get(size)
    if (table === undefined) {
      table = new RowTable(size)
      await table.create(this.sql)
      this.#tables.set(size, table)
    }
    return table
  }

  /** The tables made in this life. */
  tables(): readonly RowTable[] {
    return [...this.#tables.values()]
  }
}
