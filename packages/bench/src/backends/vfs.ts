// Our own file systems share one way of being opened: a Vfs, by itself for the file-level workloads, or
// under the options that the core's PGlite adapter makes of it. Used by memory.ts, opfs-ahp.ts and their
// like.

import type { Backend, PostgresOpener, VfsOpener } from './backend.ts'

/** The members of a backend that is a Vfs; `load` imports its code and returns what opens it. */
export function onVfs(
  load: () => Promise<VfsOpener>,
): Required<Pick<Backend, 'vfs' | 'files' | 'postgres'>> {
  return {
    vfs: load,
    async files() {
      const [openVfs, { VfsFiles }] = await Promise.all([load(), import('./files.ts')])
      return async (store, durability) => new VfsFiles(await openVfs(store, durability))
    },
    async postgres() {
      return postgresOpener(await load())
    },
  }
}

async function postgresOpener(openVfs: VfsOpener): Promise<PostgresOpener> {
  const [{ PGlite }, { pgliteOptions }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@wasm-vfs/core/pglite'),
  ])
  return async (store, durability, artifacts) => {
    const opening = openVfs(store, durability)
    try {
      const pg = await PGlite.create({ ...artifacts, ...pgliteOptions(opening) })
      const vfs = await opening
      return {
        pg,
        sql: pg,
        async close() {
          await pg.close()
          await vfs.close()
        },
        stats: () => vfs.stats(),
      }
    } catch (error) {
      await opening.then(
        (vfs) => vfs.close(),
        () => {},
      )
      throw error
    }
  }
}
