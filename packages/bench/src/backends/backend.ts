// What a backend is to the bench: a name, what it can do, and how to open it with Postgres or without.
// Each backend is one such object in a file of its own, listed in index.ts. Read by node (names,
// durabilities) and by the workers (postgres, files), so its own code is imported only inside those.

import type { PGlite } from '@electric-sql/pglite'
import type { Durability, Vfs, VfsCounters } from '@wasm-vfs/core'
import type { PgliteArtifacts } from '../protocol.ts'
import type { FilesOpener } from './files.ts'
import type { SqlDatabase } from './sql.ts'

/** What a backend needs of the browser; checked before it is tried. */
export type Requirement = 'opfs' | 'indexeddb' | 'cross-origin-isolation'

/**
 * Of every store's name, and so in the names of all that a backend or a probe keeps in the origin: what
 * carries it can be removed without asking.
 */
export const STORE_PREFIX = 'wasm-vfs-bench-'

export interface Backend {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** Whether a run without `--full` or `--backend` includes it. */
  readonly quick: boolean
  /** The levels it can be opened at, each a column of its own. */
  readonly durabilities: readonly Durability[]
  /** Content survives the worker; where false, nothing can be reopened. */
  readonly persistent: boolean
  readonly needs: readonly Requirement[]
  /** What a reader must know to compare its columns fairly; printed below the table. */
  readonly caveats?: Partial<Record<Durability, string>>
  /** The longest a relaxed flush is put off, if there is such a limit. */
  readonly windowMs?: number
  /** Tells the backend's own log from the files in which content lies, by the names in OPFS. */
  isLog?(file: string): boolean
  /** Called by who makes a worker for this backend to run in, with what only the maker can give it. */
  attend?(worker: Worker): void
  /** The least that makes its worker answer, if it has one. */
  emptyCall?(vfs: Vfs): void
  /** Loads the code, untimed, and returns what opens a store without Postgres; our own have it. */
  vfs?(): Promise<VfsOpener>
  /** The same for the file-level workloads. */
  files?(): Promise<FilesOpener>
  /** Loads the code, untimed, and returns what opens a store with Postgres on it. */
  postgres?(): Promise<PostgresOpener>
  /** The same with SQLite, for the workloads that any SQL database can run. */
  sqlite?(): Promise<SqliteOpener>
}

export type VfsOpener = (store: string, durability: Durability) => Promise<Vfs>

/** Opens a store, creating a cluster in it if it is empty; resolves when queries are answered. */
export type PostgresOpener = (
  store: string,
  durability: Durability,
  artifacts: PgliteArtifacts,
) => Promise<OpenPostgres>

/** The same for a database that is not Postgres. */
export type SqliteOpener = (store: string, durability: Durability) => Promise<OpenDatabase>

export interface OpenDatabase {
  readonly sql: SqlDatabase
  /** Shuts the database down and lets go of the store. */
  close(): Promise<void>
  /** Counters of physical work since the open, where the backend has any. */
  stats?(): VfsCounters
}

export interface OpenPostgres extends OpenDatabase {
  readonly pg: PGlite
}
