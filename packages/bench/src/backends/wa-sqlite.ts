// wa-sqlite, as its project publishes it, behind the face of SqlDatabase. Called by the wa-sqlite-*.ts
// files. Its files are served as they are (../site.ts): they find each other by URL.

import type { Durability } from '@wasm-vfs/core'
import type { SqliteOpener } from './backend.ts'
import type { SqlDatabase, SqlResult } from './sql.ts'

/** Of what it exports, the part that is used here; its own types cannot be imported alone. */
interface WaSqlite {
  vfs_register(vfs: object, makeDefault: boolean): number
  open_v2(name: string): Promise<number>
  close(database: number): Promise<number>
  statements(database: number, sql: string): AsyncIterable<number>
  bind_collection(statement: number, values: Readonly<Record<string, unknown>>): number
  column_names(statement: number): string[]
  step(statement: number): Promise<number>
  row(statement: number): unknown[]
  changes(database: number): number
}

interface WaVfs {
  close(): void | Promise<void>
}

export interface WaSqliteOptions {
  /** The module of the VFS, below `src/examples/`, and the class in it. */
  readonly vfs: string
  /** The build: `wa-sqlite` for a VFS that answers at once, `wa-sqlite-async` (Asyncify) for others. */
  readonly build: 'wa-sqlite' | 'wa-sqlite-async'
  /** Executed after opening. */
  readonly pragmas: Readonly<Record<'strict' | 'relaxed', string>>
}

const ROOT = './wa-sqlite'
const SQLITE_ROW = 100

/** Loads the code, untimed. */
export async function waSqliteOpener(options: WaSqliteOptions): Promise<SqliteOpener> {
  const load = async (path: string): Promise<Record<string, unknown>> =>
    (await import(new URL(`${ROOT}/${path}`, location.href).href)) as Record<string, unknown>
  const [build, api, examples] = await Promise.all([
    load(`dist/${options.build}.mjs`),
    load('src/sqlite-api.js'),
    load(`src/examples/${options.vfs}.js`),
  ])
  const module = await (build['default'] as () => Promise<object>)()
  const sqlite = (api['Factory'] as (module: object) => WaSqlite)(module)
  const Vfs = examples[options.vfs] as {
    create(name: string, module: object): Promise<WaVfs & object>
  }
  return async (store: string, durability: Durability) => {
    const vfs = await Vfs.create(store, module)
    sqlite.vfs_register(vfs, true)
    const handle = await sqlite.open_v2(`${store}.db`)
    const sql = new WaDatabase(sqlite, handle)
    await sql.exec(options.pragmas[durability === 'relaxed' ? 'relaxed' : 'strict'])
    return {
      sql,
      async close() {
        await sqlite.close(handle)
        await vfs.close()
      },
    }
  }
}

class WaDatabase implements SqlDatabase {
  readonly #sqlite: WaSqlite
  readonly #handle: number

  constructor(sqlite: WaSqlite, handle: number) {
    this.#sqlite = sqlite
    this.#handle = handle
  }

  async query<Row>(sql: string, parameters: unknown[] = []): Promise<SqlResult<Row>> {
    const sqlite = this.#sqlite
    const bound = Object.fromEntries(parameters.map((value, index) => [`$${index + 1}`, value]))
    const rows: Row[] = []
    for await (const statement of sqlite.statements(this.#handle, sql)) {
      if (parameters.length > 0) sqlite.bind_collection(statement, bound)
      const names = sqlite.column_names(statement)
      while ((await sqlite.step(statement)) === SQLITE_ROW) {
        const values = sqlite.row(statement)
        rows.push(Object.fromEntries(names.map((name, column) => [name, values[column]])) as Row)
      }
    }
    return { rows, affectedRows: sqlite.changes(this.#handle) }
  }

  async exec(sql: string): Promise<void> {
    await this.query(sql)
  }
}
