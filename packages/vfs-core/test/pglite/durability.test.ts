// What Postgres makes durable through the adapter, and when.

import { PGlite } from '@electric-sql/pglite'
import { describe, expect, it, vi } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { isDirectory, VfsError, walk, type Ino } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { Instrumented } from '../emscripten/instrumented.ts'
import { openDatabase, settled, surviving } from './databases.ts'

const SLOW = 120_000

/** The arguments of each `sync` since the last reset. */
function syncs({ calls }: Instrumented): unknown[] {
  return calls.filter(({ operation }) => operation === 'sync').map(({ args }) => args[0])
}

const HOUSEKEEPING = { housekeepingOnly: true }

describe('fsync', () => {
  it(
    'comes once per commit, for the WAL, and never for a SELECT',
    async () => {
      const { pg, instrumented, store } = await openDatabase()
      const synced: Ino[] = []
      instrumented.before = ({ operation, args }) => {
        if (operation === 'fsync') synced.push(args[0] as Ino)
      }
      await pg.exec('CREATE TABLE t (id int PRIMARY KEY, b text)')
      const { rows } = await pg.query<{ name: string }>(
        'SELECT pg_walfile_name(pg_current_wal_lsn()) AS name',
      )
      const wal = walk(store, `/pg_wal/${rows[0]?.name}`)
      for (let id = 0; id < 5; id++) {
        synced.length = 0
        await pg.query('INSERT INTO t VALUES ($1, $2)', [id, 'x'])
        expect(synced).toEqual([wal])
      }
      synced.length = 0
      await pg.query('SELECT * FROM t')
      await pg.query('SELECT count(*) FROM pg_class')
      expect(synced).toEqual([])
      await pg.transaction(async (tx) => {
        await tx.query("INSERT INTO t VALUES (10, 'a')")
        await tx.query("INSERT INTO t VALUES (11, 'b')")
        expect(synced).toEqual([])
      })
      expect(synced).toEqual([wal])
      await pg.close()
    },
    SLOW,
  )

  it(
    'reaches files and directories in a CHECKPOINT',
    async () => {
      const { pg, instrumented, store } = await openDatabase()
      await pg.exec('CREATE TABLE t AS SELECT generate_series(1, 1000)')
      const kinds = { files: 0, directories: 0 }
      instrumented.before = ({ operation, args }) => {
        if (operation !== 'fsync') return
        if (isDirectory(store.getattr(args[0] as Ino).mode)) kinds.directories++
        else kinds.files++
      }
      await pg.exec('CHECKPOINT')
      expect(kinds.files).toBeGreaterThan(3)
      expect(kinds.directories).toBeGreaterThan(0)
      await pg.close()
    },
    SLOW,
  )

  it(
    'is left off, and each query ends in a sync, where the Vfs has no synchronous fsync',
    async () => {
      const { pg, instrumented } = await openDatabase({ capabilities: { synchronousFsync: false } })
      const { rows } = await pg.query('SHOW fsync')
      expect(rows).toEqual([{ fsync: 'off' }])
      instrumented.reset()
      await pg.exec('CREATE TABLE t (a int)')
      await pg.query('SELECT 1')
      expect(syncs(instrumented)).toEqual([undefined, undefined])
      await pg.close()
    },
    SLOW,
  )
})

describe('syncToFs', () => {
  it(
    'syncs everything until Postgres runs, and only does housekeeping from then on',
    async () => {
      const instrumented = new Instrumented(await openMemory())
      const pg = await PGlite.create(
        pgliteOptions(instrumented.vfs, { postgresqlconf: ['work_mem = 8MB'] }),
      )
      // After the load, before and after its marker goes; and after the first query, which comes after
      // postgresql.conf was written.
      expect(syncs(instrumented)).toEqual([undefined, undefined, undefined])
      instrumented.reset()
      await pg.exec('CREATE TABLE t (a int)')
      await pg.query('SELECT * FROM t')
      expect(syncs(instrumented)).toEqual([HOUSEKEEPING, HOUSEKEEPING])
      await pg.close()
    },
    SLOW,
  )

  it(
    'syncs everything in a database that it found only if PGlite wrote to it',
    async () => {
      const { pg, store } = await openDatabase()
      await pg.close()
      const again = await openDatabase({ store })
      expect(syncs(again.instrumented)).toEqual([HOUSEKEEPING])
      await again.pg.close()
      const instrumented = new Instrumented(surviving(store))
      const configured = await PGlite.create(
        pgliteOptions(instrumented.vfs, { postgresqlconf: ['work_mem = 8MB'] }),
      )
      expect(syncs(instrumented)).toEqual([undefined])
      await configured.exec('CREATE TABLE t (a int)')
      expect(syncs(instrumented)).toEqual([undefined, HOUSEKEEPING])
      await configured.close()
    },
    SLOW,
  )

  it(
    'rejects the query if the sync fails',
    async () => {
      const { pg, instrumented } = await openDatabase()
      const cause = new VfsError('EIO', 'sync', { detail: 'spares could not be made' })
      instrumented.failOn('sync', cause)
      await expect(pg.query('SELECT 1')).rejects.toBe(cause)
      instrumented.before = undefined
      expect((await pg.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      await pg.close()
    },
    SLOW,
  )
})

describe('relaxedDurability', () => {
  it(
    'lowers the Vfs, rejects nothing that nobody awaits, and reports at the next dump or close',
    async () => {
      const unhandled = vi.fn<(reason: unknown) => void>()
      process.on('unhandledRejection', unhandled)
      const { pg, instrumented } = await openDatabase({ relaxedDurability: true })
      expect(instrumented.count('relaxDurability')).toBeGreaterThan(0)
      const cause = new VfsError('ENOSPC', 'sync')
      const failing = async (): Promise<void> => {
        instrumented.failOn('sync', cause)
        await pg.exec('CREATE TABLE IF NOT EXISTS t (a int)')
        await vi.waitFor(() => expect(syncs(instrumented)).not.toEqual([]))
        await new Promise((resolve) => setTimeout(resolve, 20))
        instrumented.before = undefined
      }
      instrumented.reset()
      await failing()
      await expect(pg.dumpDataDir('none')).rejects.toBe(cause)
      await expect(pg.dumpDataDir('none')).resolves.toBeInstanceOf(Blob)
      instrumented.reset()
      await failing()
      await expect(pg.close()).rejects.toBe(cause)
      expect(instrumented.count('close')).toBe(1)
      process.off('unhandledRejection', unhandled)
      expect(unhandled).not.toHaveBeenCalled()
    },
    SLOW,
  )
})

describe('close', () => {
  it(
    'leaves a database that starts again with everything in it',
    async () => {
      const first = await openDatabase()
      await first.pg.exec('CREATE TABLE t AS SELECT generate_series(1, 5000) AS n')
      await first.pg.close()
      expect(first.instrumented.count('close')).toBe(1)
      const second = await openDatabase({ store: first.store })
      const { rows } = await second.pg.query('SELECT count(*)::int, sum(n)::int FROM t')
      expect(rows).toEqual([{ count: 5000, sum: 12_502_500 }])
      await second.pg.close()
    },
    SLOW,
  )

  it(
    'reports an error of the Vfs',
    async () => {
      const { pg, instrumented } = await openDatabase()
      const cause = new VfsError('EIO', 'close')
      instrumented.failOn('close', cause)
      await expect(pg.close()).rejects.toBe(cause)
    },
    SLOW,
  )

  it(
    'is not needed for what was committed: another start recovers it',
    async () => {
      const first = await openDatabase()
      await first.pg.exec('CREATE TABLE t (n int)')
      await first.pg.exec('INSERT INTO t VALUES (1), (2)')
      const second = await openDatabase({ store: surviving(first.store) })
      expect((await second.pg.query('SELECT * FROM t')).rows).toEqual([{ n: 1 }, { n: 2 }])
      await second.pg.close()
    },
    SLOW,
  )
})

describe('a failing store', () => {
  it(
    'fails the query with ENOSPC when it is full, and works again when it is not',
    async () => {
      const { pg, instrumented } = await openDatabase()
      await pg.exec('CREATE TABLE t (a text)')
      instrumented.before = ({ operation }) => {
        if (operation === 'setattr' || operation === 'create') {
          throw new VfsError('ENOSPC', operation)
        }
      }
      const full = settled(pg.exec('CREATE TABLE u (a int)'))
      await expect(full).rejects.toThrow(/No space left on device/)
      instrumented.before = undefined
      await pg.exec('CREATE TABLE u (a int)')
      expect((await pg.query('SELECT count(*)::int AS n FROM u')).rows).toEqual([{ n: 0 }])
      await pg.close()
    },
    SLOW,
  )

  it(
    'fails the query and does not hang when something is thrown that is no VfsError',
    async () => {
      const { pg, instrumented } = await openDatabase()
      instrumented.failOn('create', new TypeError('a bug below'))
      await expect(settled(pg.exec('CREATE TABLE t (a int)'))).rejects.toThrow(/I\/O error/)
      instrumented.before = undefined
      await pg.exec('CREATE TABLE t (a int)')
      await pg.close()
    },
    SLOW,
  )

  it(
    'ends Postgres when its WAL cannot be made durable, without a hang, and another start recovers',
    async () => {
      const first = await openDatabase()
      await first.pg.exec('CREATE TABLE t (n int)')
      await first.pg.exec('INSERT INTO t VALUES (1)')
      const cause = new VfsError('EIO', 'fsync', { path: '/pg_wal' })
      first.instrumented.failOn('fsync', cause)
      const ended = { code: 'EIO', operation: 'postgres', cause }
      await expect(settled(first.pg.exec('INSERT INTO t VALUES (2)'))).rejects.toMatchObject(ended)
      await expect(settled(first.pg.query('SELECT 1'))).rejects.toMatchObject(ended)
      first.instrumented.before = undefined
      await settled(first.pg.close())

      const second = await openDatabase({ store: first.store })
      const { rows } = await second.pg.query<{ n: number }>('SELECT n FROM t ORDER BY n')
      expect(rows[0]).toEqual({ n: 1 })
      await second.pg.exec('INSERT INTO t VALUES (3)')
      await second.pg.close()
    },
    SLOW,
  )

  // Some of these Postgres survives and some make it PANIC, depending on the file that is hit.
  it.each(['read', 'write', 'create', 'acquire', 'rename', 'mkdir'] as const)(
    'whose every %s fails settles every query and the close, and loses nothing committed',
    async (operation) => {
      const first = await openDatabase()
      await first.pg.exec('CREATE TABLE t AS SELECT generate_series(1, 1000) AS n')
      first.instrumented.failOn(operation, new VfsError('EIO', operation))
      const outcomes: string[] = []
      for (const statement of [
        'CREATE TABLE u AS SELECT n FROM t',
        'CREATE DATABASE other',
        'VACUUM FULL t',
        'CHECKPOINT',
        'SELECT count(*) FROM pg_stat_activity',
      ]) {
        const outcome = settled(first.pg.exec(statement))
        outcomes.push(
          await outcome.then(
            () => 'done',
            () => 'rejected',
          ),
        )
      }
      expect(outcomes).toContain('rejected')
      first.instrumented.before = undefined
      await settled(first.pg.close())

      const second = await openDatabase({ store: first.store })
      const { rows } = await second.pg.query('SELECT count(*)::int, sum(n)::int FROM t')
      expect(rows).toEqual([{ count: 1000, sum: 500_500 }])
      await second.pg.close()
    },
    SLOW,
  )
})
