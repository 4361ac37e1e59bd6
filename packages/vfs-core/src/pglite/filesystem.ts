// PGlite's Filesystem interface over a Vfs. PGlite calls, in this order: init; then, when its module is
// there and before anything else touches the data directory, initialSyncFs, which mounts; then, if there is
// no database yet, it loads one and calls syncToFs; then syncToFs after every query outside a transaction;
// closeFs at the end. So the Vfs may still be opening while PGlite instantiates its module.

import type { PGlite } from '@electric-sql/pglite'
import type { Filesystem } from '@electric-sql/pglite/basefs'
import { ROOT_INO, VfsError, type SyncOptions, type Vfs } from '../contract/index.ts'
import { mount } from '../emscripten/index.ts'
import { syncBeforeAcknowledging } from './acknowledgements.ts'
import { afterFailedCreation } from './creation.ts'
import { FirstLoad } from './first-load.ts'
import { refuseEntryAfterAbort, type StoppableModule } from './panic.ts'
import { dumpTar, type TarCompression } from './tar.ts'

/** Where PGlite's Postgres looks for its cluster. */
const PGDATA = '/pglite/data'

/** All that PGlite itself writes to a database that it finds, and only if it is told to. */
const CONFIGURATION = 'postgresql.conf'

const HOUSEKEEPING: SyncOptions = { housekeepingOnly: true }

/**
 * Instantiating the module keeps this thread busy for some 60 ms. An opening that has asked the browser and
 * its workers for things by then has their answers afterwards.
 */
const HEAD_START_MS = 10

type ModuleOptions = Parameters<Filesystem['init']>[1]
type PostgresModule = StoppableModule & { readonly FS: object }

export interface VfsFilesystemOptions {
  /** PGlite will neither make a database nor start one, so nothing is said about what the Vfs holds. */
  readonly noInitDb: boolean
  /** PGlite's option of that name: queries do not wait for the sync after them. */
  readonly relaxedDurability: boolean
  /** Called once the Vfs is open, with the start parameters that PGlite would use. */
  readonly onOpen: (vfs: Vfs, defaultStartParams: readonly string[]) => void
}

// Two Postgres servers on one cluster would destroy it, and PGlite has no lock of its own.
const inUse = new WeakSet<Vfs>()

export class VfsFilesystem implements Filesystem {
  readonly #opening: Promise<Vfs>
  readonly #options: VfsFilesystemOptions
  /** Nobody else has the Vfs, so it is closed if no PGlite comes of it. */
  readonly #isOwned: boolean
  #arrived: Vfs | undefined
  #opened: Vfs | undefined
  #pg: PGlite | undefined
  #firstLoad: FirstLoad | undefined
  // Under way, for all who sync meanwhile.
  #endOfLoad: Promise<void> | undefined
  // When a database that was found got its configuration, until Postgres has run on it.
  #configured: number | undefined
  // Of the mounted file system, for the message should Postgres stop over it.
  #lastFailure: VfsError | undefined
  // Of a sync that nobody awaited, until somebody can be told.
  #unreported: VfsError | undefined
  #settled = false

  constructor(vfs: Vfs | PromiseLike<Vfs>, options: VfsFilesystemOptions) {
    this.#isOwned = 'then' in vfs
    this.#opening = Promise.resolve(vfs)
    // A failure is reported where it is awaited, which may be later than it occurs.
    this.#opening.then(
      (opened) => (this.#arrived = opened),
      () => {},
    )
    this.#options = options
  }

  async init(pg: PGlite, moduleOptions: ModuleOptions): ReturnType<Filesystem['init']> {
    this.#pg = pg
    if (this.#isOwned) afterFailedCreation(pg, () => this.#giveUp())
    let timer: ReturnType<typeof setTimeout> | undefined
    const headStart = new Promise((resolve) => (timer = setTimeout(resolve, HEAD_START_MS)))
    try {
      await Promise.race([this.#opening, headStart])
    } finally {
      clearTimeout(timer)
    }
    return { emscriptenOpts: moduleOptions }
  }

  async initialSyncFs(): Promise<void> {
    const { onOpen, noInitDb } = this.#options
    const pg = this.#pg!
    const vfs = await this.#opening
    vfs.getattr(ROOT_INO)
    if (inUse.has(vfs)) {
      throw new VfsError('EBUSY', 'pglite.init', {
        path: vfs.name,
        detail: 'a PGlite was created on this Vfs before; open the store again for another',
      })
    }
    onOpen(vfs, defaultStartParamsOf(pg))
    if (!noInitDb) this.#firstLoad = FirstLoad.beginIfNeeded(vfs)
    if (this.#firstLoad === undefined) this.#configured = configurationTime(vfs)
    inUse.add(vfs)
    this.#opened = vfs
    if (!vfs.capabilities.synchronousFsync) {
      const { relaxedDurability } = this.#options
      syncBeforeAcknowledging(pg, () => this.syncToFs(relaxedDurability), relaxedDurability)
    }
    this.#mount(vfs, pg.Module)
  }

  async syncToFs(relaxedDurability: boolean = false): Promise<void> {
    if (!relaxedDurability) {
      this.#report()
      await this.#sync()
      return
    }
    this.#vfs.relaxDurability()
    try {
      await this.#sync()
    } catch (error) {
      // PGlite does not await this call, so a rejection would be nobody's.
      this.#unreported ??= asVfsError(error, 'sync')
    }
  }

  async dumpTar(databaseName: string, compression: TarCompression = 'auto'): Promise<File | Blob> {
    this.#report()
    return await dumpTar(this.#vfs, databaseName, compression)
  }

  async closeFs(): Promise<void> {
    await this.#vfs.close()
    this.#report()
  }

  get #vfs(): Vfs {
    if (this.#opened !== undefined) return this.#opened
    throw new VfsError('ESTALE', 'pglite', { detail: 'this PGlite has not opened its Vfs' })
  }

  #mount(vfs: Vfs, module: PostgresModule): void {
    refuseEntryAfterAbort(module, () => this.#lastFailure)
    const onError = (error: VfsError): void => {
      this.#lastFailure = error
    }
    mount(module.FS, vfs, PGDATA, { onError })
  }

  /**
   * No PGlite has come of a Vfs that only this has. One that has not opened yet is not waited for, as it may
   * wait for its owner; it is closed when it comes.
   */
  async #giveUp(): Promise<void> {
    const close = async (vfs: Vfs): Promise<void> => {
      if (!inUse.has(vfs) || vfs === this.#opened) await vfs.close()
    }
    try {
      if (this.#arrived === undefined) this.#opening.then(close).catch(() => {})
      else await close(this.#arrived)
    } catch {
      // It has let go of its storage all the same, and the creation's own failure is what is reported.
    }
  }

  /**
   * Once Postgres runs with fsync, it decides what is durable and when, and this is housekeeping. Before
   * that, PGlite writes files itself and fsyncs none: a new cluster, or a tarball, and the configuration
   * that it was given. So everything is synced up to the first time that Postgres is ready, unless it
   * was ready on a database to which PGlite has written nothing.
   */
  async #sync(): Promise<void> {
    const postgresRan = this.#pg?.ready === true
    if (postgresRan && this.#configured !== undefined) {
      this.#settled = configurationTime(this.#vfs) === this.#configured
      this.#configured = undefined
    }
    await this.#endFirstLoad()
    const housekeepingOnly = this.#settled && this.#vfs.capabilities.synchronousFsync
    await this.#vfs.sync(housekeepingOnly ? HOUSEKEEPING : undefined)
    if (postgresRan) this.#settled = true
  }

  async #endFirstLoad(): Promise<void> {
    if (this.#firstLoad === undefined) return
    this.#endOfLoad ??= this.#firstLoad.end()
    try {
      await this.#endOfLoad
      this.#firstLoad = undefined
    } finally {
      this.#endOfLoad = undefined
    }
  }

  #report(): void {
    const error = this.#unreported
    this.#unreported = undefined
    if (error !== undefined) throw error
  }
}

function asVfsError(error: unknown, operation: string): VfsError {
  return error instanceof VfsError ? error : new VfsError('EIO', operation, { cause: error })
}

function defaultStartParamsOf(pg: PGlite): readonly string[] {
  const { defaultStartParams } = pg.constructor as { defaultStartParams?: unknown }
  if (Array.isArray(defaultStartParams)) return defaultStartParams as string[]
  throw new VfsError('ENOTSUP', 'pglite.init', {
    detail: 'this PGlite does not say its defaultStartParams; use @electric-sql/pglite 0.5',
  })
}

/** When the database's configuration was last written, in milliseconds; undefined without a database. */
function configurationTime(vfs: Vfs): number | undefined {
  const ino = vfs.find(ROOT_INO, CONFIGURATION)
  return ino === undefined ? undefined : vfs.getattr(ino).mtime
}
