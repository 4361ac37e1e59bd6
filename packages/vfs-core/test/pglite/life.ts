// Postgres on a backend that keeps files in OPFS: a database lives through close, reopen and the death of
// its worker, and what makes a thousand files at once works with a bounded number of handles. The
// browser tests of those backends define this, beside what only they have.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterAll, expect, it } from 'vitest'
import type { OpenRequest } from './worker-tasks.ts'

/** What the worker of `pgliteTasks` is asked, each with a deadline. */
export interface PgliteClient<Options> {
  call(task: string, argument?: unknown): Promise<unknown>
  /** Postgres makes its cluster, if the store is empty. */
  open(name: string, options?: Options): Promise<unknown>
  /** An empty store gets a copy of the browser's cluster. */
  openWithCluster(name: string, options?: Options): Promise<unknown>
  handlesOpen(): Promise<number>
}

export interface PgliteLife {
  makeWorker(): Worker
  readonly mostHandles: number
  /** Of each request. */
  readonly deadlineMs: number
}

const TABLES = Array.from({ length: 30 }, (_, index) => `t${index}`)
export const THIRTY_TABLES: string = TABLES.map(
  (table) => `CREATE TABLE ${table} (id serial PRIMARY KEY, body text);`,
).join('\n')

const HEAVY_WORK = [
  'CREATE DATABASE other',
  THIRTY_TABLES,
  `CREATE TABLE many AS SELECT id, md5(id::text) AS body FROM generate_series(1, 100000) AS id`,
  'CREATE INDEX ON many (body)',
  'DELETE FROM many WHERE id % 2 = 0',
  'VACUUM FULL many',
  'CHECKPOINT',
  'DROP DATABASE other',
]

/** Defines the tests that every such backend has; answers with the worker, for those of one backend. */
export function definePgliteLife<Options extends { durability?: 'strict' | 'relaxed' }>(
  life: PgliteLife,
): PgliteClient<Options> {
  const worker = new TaskWorker(life.makeWorker)
  const call = (task: string, argument?: unknown): Promise<unknown> =>
    worker.call(task, argument, life.deadlineMs)
  const open = (name: string, options: object = {}): Promise<unknown> =>
    call('open', { name, options } satisfies OpenRequest<object>)
  const openWithCluster = (name: string, options: object = {}): Promise<unknown> =>
    call('open', { name, options, withCluster: true } satisfies OpenRequest<object>)
  const handlesOpen = async (): Promise<number> =>
    ((await call('stats')) as { handles: number }).handles

  afterAll(() => worker.terminate())

  it('does what makes hundreds of files at once, with a bounded number of handles', async () => {
    const name = 'pglite-heavy'
    await open(name)
    for (const sql of HEAVY_WORK) await call('exec', sql)
    expect(await handlesOpen()).toBeLessThanOrEqual(life.mostHandles)

    await call('close')
    await open(name)
    expect(
      await call('query', 'SELECT count(*)::int AS n, sum(id)::text AS sum FROM many'),
    ).toEqual([{ n: 50_000, sum: '2500000000' }])
    expect(
      await call('query', "SELECT count(*)::int AS n FROM pg_tables WHERE tablename ~ '^t[0-9]+$'"),
    ).toEqual([{ n: TABLES.length }])
    expect(await call('query', "SELECT 1 FROM pg_database WHERE datname = 'other'")).toEqual([])
    await call('close')
    await call('remove', name)
  }, 300_000)

  it.each(['strict', 'relaxed'] as const)(
    'has every acknowledged row after its worker was terminated (%s)',
    async (durability) => {
      const name = `pglite-killed-${durability}`
      await openWithCluster(name, { durability })
      await call('exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
      for (let id = 0; id < 50; id++) await call('exec', `INSERT INTO log VALUES (${id}, 'row')`)
      worker.terminate()

      // A terminated worker gives its lock back a moment later.
      await open(name, { durability, wait: true })
      expect(await call('query', 'SELECT count(*)::int AS n FROM log')).toEqual([{ n: 50 }])
      await call('close')
      await call('remove', name)
    },
    120_000,
  )

  return { call, open, openWithCluster, handlesOpen }
}
