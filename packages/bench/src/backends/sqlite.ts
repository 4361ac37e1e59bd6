// SQLite in the browser, as its own project publishes it, behind the face of SqlDatabase. Called by the
// sqlite-*.ts files. Its files are served as they are (../site.ts): they find each other by URL.

import type * as SqliteModule from '@sqlite.org/sqlite-wasm'
import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import type { Durability } from '@wasm-vfs/core'
import type { OpenDatabase } from './backend.ts'
import type { SqlDatabase, SqlResult } from './sql.ts'

const MODULE_URL = './sqlite/index.mjs'

/** Each of SQLite's file systems for OPFS, of which a worker needs one. */
const FILE_SYSTEMS = ['opfs', 'opfs-wl', 'opfs-sahpool', 'kvvfs'] as const
type FileSystem = (typeof FILE_SYSTEMS)[number]

export const SQLITE_SUMMARY = 'the same SQL on SQLite (@sqlite.org/sqlite-wasm)'

export const SQLITE_CAVEATS = {
  strict:
    'SQLite’s defaults: a rollback journal and synchronous=FULL, so a commit flushes the journal and the database',
  relaxed: 'synchronous=OFF: flushes nothing, and a power cut can damage the database',
} as const

export async function loadSqlite(fileSystem: FileSystem): Promise<Sqlite3Static> {
  const others = FILE_SYSTEMS.filter((name) => name !== fileSystem)
  const disable = { vfs: Object.fromEntries(others.map((name) => [name, true])) }
  Object.assign(globalThis, { sqlite3ApiConfig: { disable } })
  const url = new URL(MODULE_URL, location.href).href
  const { default: init } = (await import(url)) as typeof SqliteModule
  return init()
}

export function sqliteDatabase(
  database: Database,
  durability: Durability,
  release: () => void = () => {},
): OpenDatabase {
  if (durability === 'relaxed') database.exec('PRAGMA synchronous=OFF')
  return {
    sql: new Sqlite(database),
    close() {
      database.close()
      release()
      return Promise.resolve()
    },
  }
}

class Sqlite implements SqlDatabase {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  // Asynchronous, as whoever awaits a query has it, and so that what is thrown becomes a rejection.
  // oxlint-disable-next-line typescript/require-await
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<SqlResult<Row>> {
    const bind = parameters.map((value, index) => [`$${index + 1}`, value] as const)
    const rows = this.#database.exec({
      sql,
      ...(bind.length > 0 && { bind: Object.fromEntries(bind) as Record<string, string> }),
      rowMode: 'object',
      returnValue: 'resultRows',
    })
    return { rows: rows as Row[], affectedRows: this.#database.changes() }
  }

  // oxlint-disable-next-line typescript/require-await
  async exec(sql: string): Promise<void> {
    this.#database.exec(sql)
  }
}
