// What PGlite does not tell its file system: that its creation has failed. Everything that `PGlite.create`
// does happens in one promise, `waitReady`, so this is where a failure of any of it shows: an extension that
// cannot be loaded, initdb, a Postgres that does not start.

import type { PGlite } from '@electric-sql/pglite'

/**
 * Calls `cleanUp` if the creation of `pg` fails; it must not reject. `create` rejects after that, so whoever
 * tries again finds everything let go of. To be called within `Filesystem.init`, which PGlite calls before
 * it has the promise that it then assigns; one that it has already is watched, and not kept waiting.
 */
export function afterFailedCreation(pg: PGlite, cleanUp: () => Promise<void>): void {
  const watch = (creation: Promise<void>): Promise<void> =>
    creation.catch(async (error: unknown) => {
      await cleanUp()
      throw error
    })
  let ready = pg.waitReady as Promise<void> | undefined
  if (ready !== undefined) {
    watch(ready).catch(() => {})
    return
  }
  Object.defineProperty(pg, 'waitReady', {
    configurable: true,
    enumerable: true,
    get: () => ready,
    set: (creation: Promise<void>) => {
      ready = watch(creation)
    },
  })
}
