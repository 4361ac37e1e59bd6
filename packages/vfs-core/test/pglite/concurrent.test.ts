// Queries issued at once on a Vfs that is durable only through sync(), such as idb: the promise of each
// resolves after the sync that holds its commit. `query` and `exec` take turns and wait for their sync;
// protocol messages do not take turns, and PGlite alone answers some of them too early.

import { PGlite, protocol } from '@electric-sql/pglite'
import { afterEach, describe, expect, it } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { AsynchronousVfs } from './asynchronous-vfs.ts'
import { emptyClusterDump } from './databases.ts'

const QUERIES = 30

describe('queries issued at once on a Vfs without synchronous fsync', { timeout: 120_000 }, () => {
  let pg: PGlite | undefined

  afterEach(async () => {
    await pg?.close()
    pg = undefined
  })

  async function openLog(options: { relaxedDurability?: boolean } = {}): Promise<AsynchronousVfs> {
    const store = new AsynchronousVfs(await openMemory('concurrent'))
    const loadDataDir = await emptyClusterDump()
    pg = await PGlite.create(pgliteOptions(store.vfs, { ...options, loadDataDir }))
    await pg.exec('CREATE TABLE log (id int PRIMARY KEY, body text)')
    return store
  }

  async function insert(id: number): Promise<void> {
    const sql = `INSERT INTO log VALUES (${id}, 'marker-${id};')`
    await pg!.execProtocol(protocol.serialize.query(sql))
  }

  /** Inserts all rows and answers with those that were not durable when their promise resolved. */
  async function insertAtOnce({ durable }: AsynchronousVfs): Promise<number[]> {
    const early: number[] = []
    await Promise.all(
      Array.from({ length: QUERIES }, async (_, id) => {
        await insert(id)
        if (!durable.has(id)) early.push(id)
      }),
    )
    return early
  }

  it('each resolve once their own commit is durable', async () => {
    const store = await openLog()
    expect(await insertAtOnce(store)).toEqual([])
    expect(store.durable.size).toBe(QUERIES)
  })

  it('do not wait for a sync with relaxedDurability', async () => {
    expect(await insertAtOnce(await openLog({ relaxedDurability: true }))).not.toEqual([])
  })

  it('each reject if the sync of their commit fails', async () => {
    const store = await openLog()
    store.failing = true
    const ids = Array.from({ length: QUERIES }, (_, id) => id)
    const outcomes = await Promise.allSettled(ids.map((id) => insert(id)))
    store.failing = false
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([])
  })
})
