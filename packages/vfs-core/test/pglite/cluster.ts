// The cluster of a browser: made once, by the first test that wants one, kept in a store that every context can
// open, and copied into the stores of tests whose subject is not how Postgres makes a cluster.

import { PGlite } from '@electric-sql/pglite'
import type { Vfs } from '@wasm-vfs/core'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { openIdb } from '../../../vfs-idb/src/index.ts'
import { cloneTree } from '../../src/testing/clone-tree.ts'

const STORE = 'the cluster of this browser'

/** Fills an empty store. */
export async function cloneCluster(to: Vfs): Promise<void> {
  // Another worker may be making it, or copying it.
  const open = (): Promise<Vfs> => openIdb(STORE, { wait: true })
  let cluster = await open()
  if (cluster.statfs().files <= 1) {
    const pg = await PGlite.create(pgliteOptions(cluster))
    await pg.close()
    cluster = await open()
  }
  try {
    await cloneTree(cluster, to)
  } finally {
    await cluster.close()
  }
}
