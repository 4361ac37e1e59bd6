// A worker with one PGlite on opfs-worker at a time, driven by the tests of this folder.

import { PGlite } from '@electric-sql/pglite'
import type { Vfs, VfsCounters } from '@wasm-vfs/core'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker, type OpfsWorkerOptions } from '@wasm-vfs/opfs-worker'

let pg: PGlite | undefined
let vfs: Vfs | undefined

export interface OpenRequest {
  readonly name: string
  readonly options?: OpfsWorkerOptions
}

serveTasks({
  async open({ name, options }: OpenRequest) {
    vfs = await openOpfsWorker(name, options)
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

  stats(): VfsCounters {
    return vfs!.stats()
  },

  async close() {
    await pg?.close()
    pg = undefined
  },

  remove: (name: string) => deleteOpfsWorker(name),
})
