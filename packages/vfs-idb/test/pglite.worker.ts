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

  /** Starts an insert into `log` in each way there is, all at once; `settled` tells which are done. */
  startInEveryWay(firstId: number) {
    const insert = (offset: number): string => `INSERT INTO log VALUES (${firstId + offset}, 'row')`
    const message = (offset: number): Uint8Array => protocol.serialize.query(insert(offset))
    const ways: Record<string, () => Promise<unknown>> = {
      query: () => pg!.query(insert(0)),
      exec: () => pg!.exec(insert(1)),
      transaction: () => pg!.transaction((transaction) => transaction.query(insert(2))),
      'sql``': () => pg!.sql`INSERT INTO log VALUES (${firstId + 3}, 'row')`,
      execProtocol: () => pg!.execProtocol(message(4)),
      execProtocolRaw: () => pg!.execProtocolRaw(message(5)),
      'execProtocol again': () => pg!.execProtocol(message(6)),
      'query again': () => pg!.query(insert(7)),
      'live.query': () => pg!.live.query('SELECT count(*)::int AS n FROM log'),
      'live.changes': () =>
        pg!.live.changes({ query: 'SELECT * FROM log', key: 'id', callback() {} }),
    }
    settled = new Set()
    for (const [way, start] of Object.entries(ways)) {
      start().then(
        () => settled.add(way),
        (error: unknown) => settled.add(`${way}: ${String(error)}`),
      )
    }
    return Object.keys(ways)
  },

  settled: () => [...settled],
})
