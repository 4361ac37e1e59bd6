// A store with Postgres on it, from creation to reopening, and the rows that workloads share. Made by
// browser/life.ts for each life; passed to each workload in turn.

import type { PGlite } from '@electric-sql/pglite'
import type { Durability, VfsCounters } from '@wasm-vfs/core'
import type { OpenPostgres, PostgresOpener } from '../backends/backend.ts'
import type { PgliteArtifacts } from '../protocol.ts'
import { RowTable, type RowSize } from './rows.ts'
import { WrongResult } from './workload.ts'

export class PostgresSession {
  readonly #open: () => Promise<OpenPostgres>
  readonly #tables = new Map<RowSize, RowTable>()
  #opened: OpenPostgres | undefined

  constructor(
    opener: PostgresOpener,
    store: string,
    durability: Durability,
    artifacts: PgliteArtifacts,
  ) {
    this.#open = () => opener(store, durability, artifacts)
  }

  get pg(): PGlite {
    if (this.#opened === undefined) throw new TypeError('the store is not open')
    return this.#opened.pg
  }

  /** Opens the store, which is empty: a cluster is made in it and synced. */
  async create(): Promise<void> {
    this.#opened = await this.#open()
  }

  /** Opens the store that an earlier worker closed, up to the answer to a first query. */
  async reopen(): Promise<void> {
    this.#opened = await this.#open()
    const { rows } = await this.pg.query<{ one: number }>('SELECT 1 AS one')
    if (rows[0]?.one !== 1) throw new WrongResult('SELECT 1 answered something else')
  }

  async close(): Promise<void> {
    if (this.#opened === undefined) throw new TypeError('the store is not open')
    await this.#opened.close()
  }

  stats(): VfsCounters {
    return this.#opened?.stats?.() ?? {}
  }

  /** The table of rows of one size, made on first use. */
  async rows(size: RowSize): Promise<RowTable> {
    let table = this.#tables.get(size)
    if (table === undefined) {
      table = new RowTable(size)
      await table.create(this.pg)
      this.#tables.set(size, table)
    }
    return table
  }

  /** The tables made in this life. */
  tables(): readonly RowTable[] {
    return [...this.#tables.values()]
  }
}
