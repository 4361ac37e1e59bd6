// Postgres on opfs-worker: a database lives through close, reopen and the death of its worker, and what
// makes a thousand files at once works with a bounded number of handles.

import { afterAll, describe, expect, it } from 'vitest'
import { TaskWorker } from '@wasm-vfs/core/testing'
import type { OpenRequest } from './pglite.worker.ts'

const DEADLINE_MS = 120_000

const worker = new TaskWorker(
  () => new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' }),
)
const call = (task: string, argument?: unknown): Promise<unknown> =>
  worker.call(task, argument, DEADLINE_MS)
const open = (name: string, options: OpenRequest['options'] = {}): Promise<unknown> =>
  call('open', { name, options } satisfies OpenRequest)

async function handlesOpen(): Promise<number> {
  const { handles } = (await call('stats')) as { handles: number }
  return handles
}

const TABLES = Array.from({ length: 30 }, (_, index) => `t${index}`)
const HEAVY_WORK = [
  'CREATE DATABASE other',
  TABLES.map((table) => `CREATE TABLE ${table} (id serial PRIMARY KEY, body text);`).join('\n'),
  `CREATE TABLE many AS SELECT id, md5(id::text) AS body FROM generate_series(1, 100000) AS id`,
  'CREATE INDEX ON many (body)',
  'DELETE FROM many WHERE id % 2 = 0',
  'VACUUM FULL many',
  'CHECKPOINT',
  'DROP DATABASE other',
]

describe('PGlite on opfs-worker', () => {
  afterAll(() => worker.terminate())

  it('does what makes hundreds of files at once, with at most 64 handles', async () => {
    const name = 'pglite-heavy'
    await open(name)
    for (const sql of HEAVY_WORK) await call('exec', sql)
    expect(await handlesOpen()).toBeLessThanOrEqual(64)

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
      await open(name, { durability })
      await call('exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
      for (let id = 0; id < 50; id++) await call('exec', `INSERT INTO log VALUES (${id}, 'row')`)
      worker.terminate()

      await open(name, { durability })
      expect(await call('query', 'SELECT count(*)::int AS n FROM log')).toEqual([{ n: 50 }])
      await call('close')
      await call('remove', name)
    },
    120_000,
  )
})
