// Our own file systems share one way of being opened: a Vfs, and the options that the core's PGlite
// adapter makes of it. Called by memory.ts, opfs-ahp.ts and their like.

import type { PostgresOpener, VfsOpener } from './backend.ts'

/** An opener for a Vfs; `openVfs` opens the store of that name. */
export async function vfsOpener(openVfs: VfsOpener): Promise<PostgresOpener> {
  const [{ PGlite }, { pgliteOptions }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@wasm-vfs/core/pglite'),
  ])
  return async (store, durability, artifacts) => {
    const vfs = await openVfs(store, durability)
    try {
      const pg = await PGlite.create({ ...artifacts, ...pgliteOptions(vfs) })
      return {
        pg,
        async close() {
          await pg.close()
          await vfs.close()
        },
        stats: () => vfs.stats(),
      }
    } catch (error) {
      await vfs.close()
      throw error
    }
  }
}
