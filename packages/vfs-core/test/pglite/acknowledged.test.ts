// Every way out of PGlite on a Vfs that is durable only through sync(), each by itself: when it tells a program
// of a commit, a finished sync covers that commit.

import { PGlite, protocol, type PGliteInterfaceExtensions } from '@electric-sql/pglite'
import { live } from '@electric-sql/pglite/live'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMemory } from '../../src/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { AsynchronousVfs } from './asynchronous-vfs.ts'
import { emptyClusterDump } from './databases.ts'

type Postgres = PGlite & PGliteInterfaceExtensions<{ live: typeof live }>

const insert = (id: number): string => `INSERT INTO log VALUES (${id}, 'marker-${id};')`
const message = (id: number): Uint8Array => protocol.serialize.query(insert(id))
const NO_SYNC = { syncToFs: false }

const failing = async (pg: Postgres, sql: string): Promise<void> => {
  await expect(pg.transaction((tx) => tx.exec(sql))).rejects.toThrow('division by zero')
}

/** Each resolves once the program has been told that the row `id` is committed. */
const ways: Record<string, (pg: Postgres, id: number) => Promise<unknown>> = {
  query: (pg, id) => pg.query(insert(id)),
  'query with parameters': (pg, id) =>
    pg.query('INSERT INTO log VALUES ($1, $2)', [id, `marker-${id};`]),
  'sql``': (pg, id) => pg.sql`INSERT INTO log VALUES (${id}, ${`marker-${id};`})`,
  exec: (pg, id) => pg.exec(insert(id)),
  'exec of a whole transaction': (pg, id) => pg.exec(`BEGIN; ${insert(id)}; COMMIT`),
  'exec of a COMMIT': async (pg, id) => {
    await pg.exec('BEGIN')
    await pg.exec(insert(id))
    await pg.exec('COMMIT')
  },
  'transaction with query': (pg, id) => pg.transaction((tx) => tx.query(insert(id))),
  'transaction with sql``': (pg, id) =>
    pg.transaction((tx) => tx.sql`INSERT INTO log VALUES (${id}, ${`marker-${id};`})`),
  'transaction with exec': (pg, id) => pg.transaction((tx) => tx.exec(insert(id))),
  'transaction after one that failed': async (pg, id) => {
    await failing(pg, 'SELECT 1/0')
    await pg.transaction((tx) => tx.exec(insert(id)))
  },
  execProtocol: (pg, id) => pg.execProtocol(message(id)),
  execProtocolRaw: (pg, id) => pg.execProtocolRaw(message(id)),
  execProtocolStream: (pg, id) => pg.execProtocolStream(message(id)),
  execProtocolRawStream: (pg, id) => pg.execProtocolRawStream(message(id), { onRawData() {} }),
  'execProtocol without a sync, then syncToFs': async (pg, id) => {
    await pg.execProtocol(message(id), NO_SYNC)
    await pg.syncToFs()
  },
  'execProtocolRawSync, then syncToFs': async (pg, id) => {
    pg.execProtocolRawSync(message(id))
    await pg.syncToFs()
  },
  runExclusive: (pg, id) => pg.runExclusive(() => pg.execProtocol(message(id))),
  'runExclusive of a COMMIT that another BEGIN follows': async (pg, id) => {
    const sql = `BEGIN; ${insert(id)}; COMMIT; BEGIN`
    const raw = protocol.serialize.query(sql)
    await pg.runExclusive(() => pg.execProtocolRaw(raw, NO_SYNC))
  },
  'runExclusive without a sync within': (pg, id) =>
    pg.runExclusive(() => pg.execProtocolRaw(message(id), NO_SYNC)),
  listen: async (pg, id) => {
    const heard = new Promise<string>((resolve) => void pg.listen('told', resolve))
    await pg.exec('SELECT 1')
    void pg.exec(`BEGIN; ${insert(id)}; NOTIFY told; COMMIT`)
    await heard
  },
  onNotification: async (pg, id) => {
    await pg.exec('LISTEN told')
    const heard = new Promise<void>((resolve) => pg.onNotification(() => resolve()))
    void pg.transaction(async (tx) => {
      await tx.exec(insert(id))
      await tx.exec('NOTIFY told')
    })
    await heard
  },
  'live.query': async (pg, id) => {
    let seen = (): void => {}
    const changed = new Promise<void>((resolve) => (seen = resolve))
    const query = `SELECT id FROM log WHERE id = ${id}`
    const { unsubscribe } = await pg.live.query(query, [], ({ rows }) => {
      if (rows.length > 0) seen()
    })
    void pg.transaction((tx) => tx.exec(insert(id)))
    await changed
    void unsubscribe()
  },
  'live.changes': async (pg, id) => {
    let seen = (): void => {}
    const changed = new Promise<void>((resolve) => (seen = resolve))
    const query = `SELECT id FROM log WHERE id = ${id}`
    const { unsubscribe } = await pg.live.changes(query, [], 'id', (changes) => {
      if (changes.length > 0) seen()
    })
    void pg.exec(insert(id))
    await changed
    void unsubscribe()
  },
}

/** Told of a commit before the promise that the way out of it is. */
const within: Record<string, (pg: Postgres, id: number, told: () => void) => Promise<unknown>> = {
  'COMMIT in a transaction': (pg, id, told) =>
    pg.transaction(async (tx) => {
      await tx.exec(insert(id))
      await tx.exec('COMMIT')
      told()
    }),
  'COMMIT AND CHAIN in a transaction': (pg, id, told) =>
    pg.transaction(async (tx) => {
      await tx.exec(insert(id))
      await tx.query('COMMIT AND CHAIN')
      told()
      await tx.query('SELECT 1')
    }),
}

describe('on a Vfs without synchronous fsync', () => {
  let store: AsynchronousVfs
  let pg: Postgres
  let id = 0

  beforeAll(async () => {
    store = new AsynchronousVfs(await openMemory('acknowledged'))
    const options = { loadDataDir: await emptyClusterDump(), extensions: { live } }
    pg = await PGlite.create(pgliteOptions(store.vfs, options))
    await pg.exec('CREATE TABLE log (id int PRIMARY KEY, body text)')
  }, 120_000)

  afterAll(() => pg.close())

  it.each(Object.keys(ways))('%s resolves once its commit is durable', async (way) => {
    const row = id++
    await ways[way]!(pg, row)
    expect(store.durable.has(row)).toBe(true)
    if (pg.isInTransaction()) await pg.exec('ROLLBACK')
  })

  it.each(Object.keys(within))('%s resolves once what it commits is durable', async (way) => {
    const row = id++
    let durable: boolean | undefined
    await within[way]!(pg, row, () => (durable = store.durable.has(row)))
    expect(durable).toBe(true)
  })

  it('only `syncToFs: false` and execProtocolRawSync leave the sync to the program', async () => {
    const [message1, message2] = [id++, id++]
    await pg.execProtocol(message(message1), NO_SYNC)
    pg.execProtocolRawSync(message(message2))
    expect([store.durable.has(message1), store.durable.has(message2)]).toEqual([false, false])
    await pg.query('SELECT 1')
    expect([store.durable.has(message1), store.durable.has(message2)]).toEqual([true, true])
  })

  it('a transaction is not synced before its end, and once then', async () => {
    const { syncs } = store
    await pg.transaction(async (tx) => {
      for (let each = 0; each < 5; each++) await tx.query(insert(id++))
      expect(store.syncs).toBe(syncs)
    })
    expect(store.syncs).toBe(syncs + 1)
  })

  it('a sync that fails rejects the transaction, and the next one covers both', async () => {
    const [first, second] = [id++, id++]
    store.failing = true
    await expect(pg.transaction((tx) => tx.exec(insert(first)))).rejects.toThrow('on fire')
    expect(pg.isInTransaction()).toBe(false)
    store.failing = false
    await pg.transaction((tx) => tx.exec(insert(second)))
    expect([store.durable.has(first), store.durable.has(second)]).toEqual([true, true])
  })

  it('a listener that is taken away is told nothing more', async () => {
    const heard: string[] = []
    const listener = (payload: string): void => void heard.push(payload)
    const stop = await pg.listen('counted', listener)
    const global = (_channel: string, payload: string): void => void heard.push(`all ${payload}`)
    pg.onNotification(global)
    await pg.exec("NOTIFY counted, '1'")
    await pg.exec('SELECT 1')
    await stop()
    await pg.exec("LISTEN counted; NOTIFY counted, '2'")
    await pg.exec('SELECT 1')
    pg.offNotification(global)
    await pg.listen('counted', listener)
    await pg.unlisten('counted', listener)
    await pg.exec("NOTIFY counted, '3'")
    await pg.exec('SELECT 1')
    expect(heard).toEqual(['1', 'all 1', 'all 2'])
  })
})
