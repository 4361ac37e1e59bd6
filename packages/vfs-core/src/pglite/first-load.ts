// The first load of a database. PGlite makes a new cluster elsewhere and copies it in, some 1,000 files,
// then syncs. Should the copying stop half-way (a full disk, a closed tab), what is there must never be
// taken for a database; PG_VERSION alone does not tell. So while it lasts a marker file stands beside
// it, and whoever finds the marker removes what it stands for.
//
// The order is what makes that true: the marker before the content, the content before the marker's removal.

import { isDirectory, ROOT_INO, VfsError, type Ino, type Vfs } from '../contract/index.ts'

/** Postgres ignores names that it does not know in its data directory. */
const MARKER = '.wasm-vfs-first-load'
const CLUSTER_FILE = 'PG_VERSION'
const NAMES_SHOWN = 5

export class FirstLoad {
  readonly #vfs: Vfs

  private constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  /**
   * Undefined if the Vfs holds a database. If it is empty, or holds a load that did not end, it is made
   * ready for one. VfsError ENOTEMPTY if it holds anything else, of which nothing is touched.
   */
  static beginIfNeeded(vfs: Vfs): FirstLoad | undefined {
    const names = vfs.readdir(ROOT_INO).map((entry) => entry.name)
    if (names.includes(MARKER)) {
      // Everything here came after the marker, and the marker goes last.
      removeEntries(vfs, ROOT_INO, MARKER)
      return new FirstLoad(vfs)
    }
    if (names.includes(CLUSTER_FILE)) return undefined
    if (names.length > 0) {
      const shown = names.slice(0, NAMES_SHOWN).join(', ')
      throw new VfsError('ENOTEMPTY', 'pglite.init', {
        path: '/',
        detail:
          `the ${vfs.backend} store '${vfs.name}' holds ${names.length} entries (${shown}` +
          `${names.length > NAMES_SHOWN ? ', …' : ''}) but no ${CLUSTER_FILE}, so it is not a PGlite ` +
          'database; nothing was changed, use another name for the database',
      })
    }
    vfs.atomicFirstLoad()
    vfs.create(ROOT_INO, MARKER, 0o600)
    return new FirstLoad(vfs)
  }

  /**
   * Everything is copied: makes it durable, then removes the marker. The caller syncs once more. What fails
   * leaves the marker, and can be tried again.
   */
  async end(): Promise<void> {
    await this.#vfs.sync()
    this.#vfs.unlink(ROOT_INO, MARKER)
  }
}

function removeEntries(vfs: Vfs, directory: Ino, except?: string): void {
  for (const { name, ino, type } of vfs.readdir(directory)) {
    if (name === except) continue
    if (!isDirectory(type)) vfs.unlink(directory, name)
    else {
      removeEntries(vfs, ino)
      vfs.rmdir(directory, name)
    }
  }
}
