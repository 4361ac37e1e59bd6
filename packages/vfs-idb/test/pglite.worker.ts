// A worker with one PGlite on idb at a time, driven by the tests of this folder.

import { PGlite, protocol } from '@electric-sql/pglite'
import type { Vfs, VfsCounters } from '@wasm-vfs/core'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteIdb, openIdb, type IdbOptions } from '@wasm-vfs/idb'

let pg: PGlite | undefined
let vfs: Vfs | undefined

export interface OpenRequest {
  readonly name: string
  readonly options?: Pick<IdbOptions, 'durability' | 'wait'>
}

/** Names the channel on which each insert is announced once its promise has resolved. */
export interface InsertRequest {
  readonly channel: string
  readonly rows: number
}

serveTasks({
  async open({ name, options }: OpenRequest) {
    vfs = await openIdb(name, options)
    try {
      pg = await PGlite.create(pgliteOptions(vfs))
    } catch (error) {
      await vfs.close()
      throw error
    }
  },

  /** Runs statements; answers with the number of results. */
  async exec(sql: string) {
    return (await pg!.exec(sql)).length
  },

  async query(sql: string) {
    return (await pg!.query(sql)).rows
  },

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

  stats(): VfsCounters {
    return vfs!.stats()
  },

  async close() {
    await pg?.close()
    pg = undefined
  },

  remove: (name: string) => deleteIdb(name),
})
