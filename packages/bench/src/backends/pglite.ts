// PGlite's own file systems share one way of being opened: a Filesystem object and PGlite's
// `relaxedDurability`. Called by the pglite-*.ts files.

import type { PGlite, PGliteOptions } from '@electric-sql/pglite'
import type { PostgresOpener } from './backend.ts'

type Filesystem = NonNullable<PGliteOptions['fs']>

/** An opener for a file system that PGlite brings, made afresh for each store. */
export function pgliteOpener(
  pglite: { readonly PGlite: typeof PGlite },
  filesystem: (store: string) => Filesystem,
): PostgresOpener {
  return async (store, durability, artifacts) => {
    const pg = await pglite.PGlite.create({
      ...artifacts,
      fs: filesystem(store),
      relaxedDurability: durability === 'relaxed',
    })
    return { pg, sql: pg, close: () => pg.close() }
  }
}
