// Postgres on opfs-ahp: the life that every OPFS backend has to give it, many tables in one request, and
// a pool of sixteen handles.

import type { OpfsAhpOptions } from '@wasm-vfs/opfs-ahp'
import { describe, expect, it } from 'vitest'
import { definePgliteLife, THIRTY_TABLES } from '../../vfs-core/test/pglite/life.ts'

describe('PGlite on opfs-ahp', () => {
  const { call, open, openWithCluster, handlesOpen } = definePgliteLife<OpfsAhpOptions>({
    makeWorker: () =>
      new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' }),
    mostHandles: 63,
    deadlineMs: 60_000,
  })

  it('gives a result for each of thirty CREATE TABLEs in one exec', async () => {
    const name = 'pglite-thirty'
    await openWithCluster(name)
    expect(await call('exec', THIRTY_TABLES)).toBe(30)
    expect(await call('query', 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await call('close')
    await call('remove', name)
  }, 120_000)

  it('works with 16 handles', async () => {
    const name = 'pglite-sixteen'
    await openWithCluster(name, { maxHandles: 16 })
    for (let table = 0; table < 24; table++) {
      await call(
        'exec',
        `CREATE TABLE big${table} AS SELECT id, repeat('x', 100) FROM generate_series(1, 10000) AS id`,
      )
    }
    expect(await handlesOpen()).toBeLessThanOrEqual(16)
    await call('close')
    await open(name, { maxHandles: 16 })
    expect(await call('query', 'SELECT count(*)::int AS n FROM big23')).toEqual([{ n: 10_000 }])
    await call('close')
    await call('remove', name)
  }, 180_000)
})
