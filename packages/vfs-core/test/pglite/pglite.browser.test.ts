// PGlite on a memory Vfs in a browser: a life from creation to close, and a dump taken along.

import { PGlite } from '@electric-sql/pglite'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { VfsError } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { openDatabase, settled } from './databases.ts'

describe('PGlite in a browser', () => {
  it('creates, commits with one fsync, dumps, closes and loads', async () => {
    const { pg, instrumented } = await openDatabase()
    await pg.exec('CREATE TABLE t (n int, b text)')
    instrumented.reset()
    await pg.query('INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 200) n')
    expect(instrumented.count('fsync')).toBe(1)
    const loadDataDir = await pg.dumpDataDir('gzip')
    expect(loadDataDir.type).toBe('application/x-gzip')
    await pg.close()

    const moved = await PGlite.create(pgliteOptions(await openMemory(), { loadDataDir }))
    const { rows } = await moved.query('SELECT count(*)::int AS n FROM t')
    expect(rows).toEqual([{ n: 200 }])
    await moved.close()
  })

  it('rejects the query when Postgres stops itself, and does not hang', async () => {
    const { pg, instrumented } = await openDatabase()
    const cause = new VfsError('EIO', 'fsync')
    instrumented.failOn('fsync', cause)
    const query = settled(pg.exec('CREATE TABLE t (n int)'))
    await expect(query).rejects.toMatchObject({ operation: 'postgres', cause })
    instrumented.before = undefined
    await settled(pg.close())
  })
})
