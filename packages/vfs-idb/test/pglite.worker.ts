// A worker with one PGlite on idb at a time, driven by the tests of this folder.

import { PGlite, protocol, type PGliteInterfaceExtensions } from '@electric-sql/pglite'
import { live } from '@electric-sql/pglite/live'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'
import { pgliteTasks } from '../../vfs-core/test/pglite/worker-tasks.ts'

type Postgres = PGlite & PGliteInterfaceExtensions<{ live: typeof live }>

let pg: Postgres | undefined
let settled = new Set<string>()

/** Names the channel on which each insert is announced once its promise has resolved. */
export interface InsertRequest {
  readonly channel: string
  readonly rows: number
}

export interface StartRequest {
  readonly ways: readonly string[]
  /** Of the rows; the ways count on from it. */
  readonly firstId: number
}

const insert = (id: number): string => `INSERT INTO log VALUES (${id}, 'row')`
const message = (id: number): Uint8Array => protocol.serialize.query(insert(id))

/** Every way out of PGlite that tells of a commit. */
const WAYS: Record<string, (postgres: Postgres, id: number) => Promise<unknown>> = {
  query: (postgres, id) => postgres.query(insert(id)),
  exec: (postgres, id) => postgres.exec(insert(id)),
  'sql``': (postgres, id) => postgres.sql`INSERT INTO log VALUES (${id}, 'row')`,
  transaction: (postgres, id) => postgres.transaction((tx) => tx.query(insert(id))),
  'COMMIT in a transaction': (postgres, id) =>
    postgres.transaction((tx) => tx.exec(`${insert(id)}; COMMIT`)),
  execProtocol: (postgres, id) => postgres.execProtocol(message(id)),
  execProtocolRaw: (postgres, id) => postgres.execProtocolRaw(message(id)),
  execProtocolStream: (postgres, id) => postgres.execProtocolStream(message(id)),
  execProtocolRawStream: (postgres, id) =>
    postgres.execProtocolRawStream(message(id), { onRawData() {} }),
  'runExclusive without a sync within': (postgres, id) =>
    postgres.runExclusive(() => postgres.execProtocolRaw(message(id), { syncToFs: false })),
  'live.query': async (postgres, id) => {
    await postgres.exec(insert(id))
    await (await postgres.live.query('SELECT count(*)::int AS n FROM log')).unsubscribe()
  },
  'live.changes': async (postgres, id) => {
    const query = `SELECT * FROM log WHERE id >= ${id}`
    const { unsubscribe } = await postgres.live.changes({ query, key: 'id', callback() {} })
    await postgres.exec(insert(id))
    await unsubscribe()
  },
  listen: (postgres, id) =>
    new Promise((resolve) => {
      void postgres
        .listen('told', resolve)
        .then(() => postgres.exec(`BEGIN; ${insert(id)}; NOTIFY told; COMMIT`))
    }),
}

serveTasks({
  ...pgliteTasks({
    open: openIdb,
    remove: deleteIdb,
    create: async (vfs) => (pg = await PGlite.create(pgliteOptions(vfs, { extensions: { live } }))),
  }),

  /**
   * Inserts rows into `log`, all at once, and announces each when it is acknowledged. As messages of the
   * protocol, because `query` waits for its turn and its sync.
   */
  async insertAtOnce({ channel, rows }: InsertRequest) {
    const announce = new BroadcastChannel(channel)
    await Promise.all(
      Array.from({ length: rows }, async (_, id) => {
        await pg!.execProtocol(protocol.serialize.query(`INSERT INTO log VALUES (${id}, 'row')`))
        announce.postMessage(id)
      }),
    )
    announce.close()
  },

  ways: () => Object.keys(WAYS),

  /** Starts an insert into `log` in each of these ways, all at once; `settled` tells which are done. */
  start({ ways, firstId }: StartRequest) {
    settled = new Set()
    for (const [at, way] of ways.entries()) {
      WAYS[way]!(pg!, firstId + at).then(
        () => settled.add(way),
        (error: unknown) => settled.add(`${way}: ${String(error)}`),
      )
    }
  },

  settled: () => [...settled],
})
