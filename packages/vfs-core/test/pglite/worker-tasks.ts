// What the workers of the backends' PGlite tests do: one database at a time, opened, asked and closed
// on request. Each backend's worker says how its stores are opened and removed.

import { PGlite } from '@electric-sql/pglite'
import { ROOT_INO, type Vfs, type VfsCounters } from '@wasm-vfs/core'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { cloneCluster } from './cluster.ts'

export interface OpenRequest<Options> {
  readonly name: string
  readonly options?: Options
  /** Puts a copy of a cluster into a store that is empty, so that Postgres need not make one; default false. */
  readonly withCluster?: boolean
}

interface Stores<Options> {
  open(name: string, options?: Options): Promise<Vfs>
  remove(name: string): Promise<void>
  /** Default: PGlite without extensions. */
  create?(vfs: Vfs): Promise<PGlite>
}

/** Tasks for `serveTasks`, which takes an object type and no interface. */
export type PgliteTasks<Options> = {
  open(request: OpenRequest<Options>): Promise<void>
  /** Runs statements; answers with the number of results. */
  exec(sql: string): Promise<number>
  query(sql: string): Promise<unknown[]>
  stats(): VfsCounters
  close(): Promise<void>
  remove(name: string): Promise<void>
}

export function pgliteTasks<Options>(stores: Stores<Options>): PgliteTasks<Options> {
  const { create = (opened: Vfs) => PGlite.create(pgliteOptions(opened)) } = stores
  let pg: PGlite | undefined
  let vfs: Vfs | undefined
  return {
    async open({ name, options, withCluster = false }) {
      vfs = await stores.open(name, options)
      try {
        if (withCluster && vfs.readdir(ROOT_INO).length === 0) await cloneCluster(vfs)
        pg = await create(vfs)
      } catch (error) {
        await vfs.close()
        throw error
      }
    },
    exec: async (sql) => (await pg!.exec(sql)).length,
    query: async (sql) => (await pg!.query(sql)).rows,
    stats: () => vfs!.stats(),
    async close() {
      await pg?.close()
      pg = undefined
    },
    remove: (name) => stores.remove(name),
  }
}
