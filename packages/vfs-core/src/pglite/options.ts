// The options that make PGlite run on a Vfs, and the start parameters that make Postgres' own
// durability rules hold there.

import type { PGliteOptions } from '@electric-sql/pglite'
import type { Filesystem } from '@electric-sql/pglite/basefs'
import type { Vfs } from '../contract/index.ts'
import { VfsFilesystem } from './filesystem.ts'

/** What the caller's own options become. */
export type OptionsForPGlite<Options> = Options & {
  readonly fs: Filesystem
  /** Filled in once the Vfs is open. */
  readonly startParams: string[]
}

/**
 * Options for `PGlite.create`, with the database in the root of a Vfs:
 *
 *     const pg = await PGlite.create(pgliteOptions(openOpfsAhp('my-db'), { extensions: { vector } }))
 *
 * `vfs` is one, or the promise of one: then the store is opened while PGlite instantiates its program, and
 * `create` rejects with what the opening rejects with. `options` are PGlite's own; `fs` and `dataDir` are what
 * `vfs` stands for and must not be given. `pg.close()` closes the Vfs too.
 *
 * If `create` rejects, a Vfs that was given as a promise is closed by then, whatever has failed (one that has
 * not opened yet is closed when it has). Close one that you gave open yourself. The one failure that PGlite
 * tells nobody comes before it asks for its file system: memory that cannot be had (a RangeError). Then, too,
 * the Vfs is yours to close.
 *
 * PGlite starts Postgres with fsync off (`-F`). Where the Vfs can fsync synchronously, `-F` is left out
 * and `wal_sync_method=fsync` added, because Emscripten never forwards the default, fdatasync: then one
 * fsync per commit makes it durable, in the order that recovery relies on. This applies to the
 * defaults and to `options.startParams` alike; a `wal_sync_method` or `fsync` that you set with `-c`
 * yourself stays.
 *
 * Elsewhere the start parameters are left alone, and whatever tells of a commit waits for `vfs.sync()`: every
 * promise of PGlite, and the listeners of a NOTIFY. Two ways leave the sync to the program: a message that is
 * sent with `syncToFs: false`, and `execProtocolRawSync`, which cannot wait. What they commit is durable after
 * `pg.syncToFs()`, after anything else that PGlite acknowledges, or a moment after the program has returned to
 * the event loop.
 *
 * `relaxedDurability: true` lowers the Vfs to relaxed. PGlite then resolves queries without waiting for
 * the sync after them; if one fails, the error is thrown by the next `dumpDataDir()` or `close()`.
 *
 * Errors of `create`: VfsError ESTALE if `vfs` is closed, EBUSY if it serves another PGlite, ENOTEMPTY
 * if it holds something that is not a PGlite database.
 */
export function pgliteOptions<Options extends PGliteOptions = PGliteOptions>(
  vfs: Vfs | PromiseLike<Vfs>,
  options?: Options & { readonly fs?: never; readonly dataDir?: never },
): OptionsForPGlite<Options> {
  const own = (options ?? {}) as Options
  if (own.fs !== undefined || own.dataDir !== undefined) {
    throw new TypeError(
      'the Vfs is the file system and the data directory: leave out fs and dataDir',
    )
  }
  const { startParams: given, noInitDb = false, relaxedDurability = false } = own
  // What they are is known once the Vfs is open, and PGlite reads them after that. It stays the same
  // array if the options are copied.
  const startParams: string[] = []
  const fs = new VfsFilesystem(vfs, {
    noInitDb,
    relaxedDurability,
    onOpen({ capabilities }, defaults) {
      const chosen = given ?? defaults
      startParams.push(...(capabilities.synchronousFsync ? withFsync(chosen) : chosen))
    },
  })
  return { ...own, fs, startParams }
}

const FSYNC_SETTING = /^(--)?(fsync|wal[_-]sync[_-]method)=/

/** Start parameters with fsync on, through the one call that reaches the Vfs. */
function withFsync(parameters: readonly string[]): string[] {
  const kept = parameters.filter((parameter) => parameter !== '-F')
  const chosen = kept.some((parameter) => FSYNC_SETTING.test(parameter))
  return chosen ? kept : [...kept, '-c', 'wal_sync_method=fsync']
}
