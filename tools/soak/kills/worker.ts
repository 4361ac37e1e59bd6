// The worker that commits until it is killed: one PGlite on one store. Backends differ in how a store is
// opened; each has a file of its own beside this one that calls `serveKills`.

import { PGlite } from '@electric-sql/pglite'
import { amcheck } from '@electric-sql/pglite/contrib/amcheck'
import type { Vfs } from '../../../packages/vfs-core/src/index.ts'
import { pgliteOptions } from '../../../packages/vfs-core/src/pglite/index.ts'
import { serveTasks } from '../../../packages/vfs-core/src/testing/rpc.ts'
import { controlThread, makeControl, PhaseWalk, probeStorage, type Aim } from './phases.ts'
import { Ledger, LEDGER_SCHEMA, type LedgerContents } from './ledger.ts'

export interface StoreSettings {
  readonly durability: 'strict' | 'relaxed'
  readonly wait?: AbortSignal
  readonly takeOver?: boolean
  readonly onTakeOver?: () => Promise<void>
}

export type OpenStore = (name: string, settings: StoreSettings) => Promise<Vfs>

export interface OpenRequest {
  readonly name: string
  readonly durability: 'strict' | 'relaxed'
  /** What to do if the store is open elsewhere; by default a lock that lingers is waited for. */
  readonly ifBusy?: 'give up' | 'wait' | 'take over'
  /** Added by the page: what the workers of one page need not load and compile each for itself. */
  readonly program?: Program
}

export interface Program {
  readonly pgliteWasmModule: WebAssembly.Module
  readonly fsBundle: Blob
}

export interface InspectRequest {
  /** Whether Postgres checks every index and every table; default true. */
  readonly amcheck?: boolean
}

export interface Filled {
  /** Rows of 320 kB that were committed. */
  readonly rows: number
  /** What stopped it. */
  readonly error: string
}

export interface RunRequest {
  /** Where acknowledged commits are told, with `&number=` to be added. */
  readonly oracle: string
  readonly seed: number
  /** Transactions that have been committed before. */
  readonly count: number
  readonly aim?: Aim | undefined
}

/** What the reopened database shows, bodies as their MD5, and what its own checks find. */
export interface Inspection extends LedgerContents {
  readonly checksums: string
  /** Checked by amcheck. */
  readonly indexes: number
  readonly findings: readonly string[]
}

const LOCK_WAIT_MS = 60_000
const FILL_ROWS_MAX = 1000

/** 320 kB that no compression makes much shorter. */
const FILLER = `
  INSERT INTO filler
  SELECT $1::int, string_agg(md5(($1::int * 10000 + i)::text), '') FROM generate_series(1, 10000) AS i`

const INDEXES = `
  SELECT c.oid::int AS oid, c.relname AS name
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
  WHERE a.amname = 'btree' AND i.indisvalid AND c.relpersistence = 'p'`

const HEAPS = `
  SELECT c.relname AS name, v.blkno, v.offnum, v.msg
  FROM pg_class c, LATERAL verify_heapam(c.oid) v
  WHERE c.relkind IN ('r', 't', 'm') AND c.relpersistence = 'p'`

const TABLES = `
  SELECT relname AS name FROM pg_class
  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'ledger'
  ORDER BY relname COLLATE "C"`

export function serveKills(openStore: OpenStore): void {
  let pg: PGlite | undefined
  probeStorage()

  serveTasks({
    async open({ name, durability, ifBusy = 'wait', program }: OpenRequest) {
      const vfs = await openStore(name, {
        durability,
        ...(ifBusy !== 'give up' && { wait: AbortSignal.timeout(LOCK_WAIT_MS) }),
        takeOver: ifBusy === 'take over',
        onTakeOver: () => close(),
      })
      try {
        const initDbStartParams = ['--data-checksums']
        const options = { ...program, extensions: { amcheck }, initDbStartParams }
        pg = await PGlite.create(pgliteOptions(vfs, options))
      } catch (error) {
        await vfs.close()
        throw error
      }
      const { rows } = await pg.query<{ there: boolean }>(
        "SELECT to_regclass('ledger') IS NOT NULL AS there",
      )
      if (rows[0]?.there !== true) await pg.exec(`BEGIN; ${LEDGER_SCHEMA} COMMIT`)
    },

    inspect: (request: InspectRequest | undefined) => inspect(pg!, request ?? {}),

    /** Commits rows until it fails, as on a full disk. */
    fill: () => fill(pg!),

    /** The number of rows that `fill` has left. */
    async filled() {
      const { rows } = await pg!.query<{ n: number }>('SELECT count(*)::int AS n FROM filler')
      return rows[0]!.n
    },

    async checkpoint() {
      await pg!.exec('CHECKPOINT')
    },

    /** Returns at once; goes on until the worker dies, or tells the oracle why it stopped. */
    run(request: RunRequest): void {
      const running = pg!
      void commitForever(running, request).catch(async (error: unknown) => {
        // Somebody has asked for the store, and it was closed under the commits.
        if (running.closed) return
        await fetch(`${request.oracle}&error=${encodeURIComponent(String(error))}`, {
          method: 'POST',
        })
      })
    },

    close,
  })

  async function close(): Promise<void> {
    await pg?.close()
    pg = undefined
  }
}

async function fill(pg: PGlite): Promise<Filled> {
  await pg.exec('CREATE TABLE IF NOT EXISTS filler (id int PRIMARY KEY, body text)')
  await pg.exec('ALTER TABLE filler ALTER body SET STORAGE EXTERNAL')
  for (let rows = 0; rows < FILL_ROWS_MAX; rows++) {
    try {
      await pg.query(FILLER, [rows])
    } catch (error) {
      return { rows, error: String(error) }
    }
  }
  throw new Error('the disk is never full')
}

async function commitForever(pg: PGlite, { oracle, seed, count, aim }: RunRequest): Promise<never> {
  const control = makeControl(oracle)
  controlThread(control)
  const walk = new PhaseWalk(control, aim)
  const ledger = new Ledger(seed, count)
  for (;;) {
    const sql = ledger.next()
    walk.enter('before')
    walk.enter('inside')
    await pg.exec(sql)
    walk.enter('returned')
    const answer = await fetch(`${oracle}&number=${ledger.count}`, { method: 'POST' })
    if (!answer.ok) throw new Error(`the oracle says: ${await answer.text()}`)
    walk.enter('acknowledged')
  }
}

async function inspect(pg: PGlite, { amcheck = true }: InspectRequest): Promise<Inspection> {
  const rows = await pg.query<[number, number, string]>(
    'SELECT id, version, md5(body) FROM ledger ORDER BY id',
    [],
    { rowMode: 'array' },
  )
  const tables: [string, number][] = []
  for (const { name } of (await pg.query<{ name: string }>(TABLES)).rows) {
    const { rows } = await pg.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}`)
    tables.push([name, rows[0]!.n])
  }
  const settings = await pg.query<{ data_checksums: string }>('SHOW data_checksums')
  return {
    rows: rows.rows,
    tables,
    checksums: settings.rows[0]!.data_checksums,
    ...(amcheck ? await checkEverything(pg) : { indexes: 0, findings: [] }),
  }
}

async function checkEverything(pg: PGlite): Promise<Pick<Inspection, 'indexes' | 'findings'>> {
  const findings: string[] = []
  const indexes = (await pg.query<{ oid: number; name: string }>(INDEXES)).rows
  for (const { oid, name } of indexes) {
    try {
      await pg.query(`SELECT bt_index_check(${oid}, heapallindexed => true)`)
    } catch (error) {
      findings.push(`bt_index_check of ${name}: ${String(error)}`)
    }
  }
  for (const { name, ...finding } of (await pg.query<{ name: string }>(HEAPS)).rows) {
    findings.push(`verify_heapam of ${name}: ${JSON.stringify(finding)}`)
  }
  return { indexes: indexes.length, findings }
}
