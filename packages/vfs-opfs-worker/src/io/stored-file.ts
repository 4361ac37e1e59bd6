// A file of the store that lies in OPFS, and the handles that are open on such files: a few, of those
// used last. A file is opened when it is needed and closed when another one needs its handle; closing
// flushes nothing, so the file remembers that it has to be.

import { toVfsError, VfsError, type ErrnoCode, type Ino } from '@wasm-vfs/core/backend'
import type { AccessHandle, FileAccess } from './access.ts'
import type { Counters } from './counters.ts'
import { forAll, type Directories } from './directories.ts'
import { FlushState, OpenFile } from './open-file.ts'

export class StoredFile {
  readonly ino: Ino
  /** From the store's directory. */
  path: string
  /** Of a large file as the program knows it; of a small one that is in memory, as it was last landed. */
  size: number
  /** Finds it without a look into its directory; follows it when it is moved. */
  handle: FileSystemFileHandle | undefined
  open: OpenFile | undefined
  /** Written in place, although it may be small. */
  isLarge = false
  /** Frames of the journal say what it is to be: a crash may have broken off writing it. */
  isTorn = false
  /** It is being made: what has bytes already is somebody else's. */
  making = false
  readonly state: FlushState = new FlushState()
  /** Line of the log that says the file may hold such bytes, for as long as it counts; 0 for none. */
  dirtySeq = 0
  /**
   * It has come to a place that was another file's, or from another place: should a power cut take that
   * back, only its size tells it from the other.
   */
  hasMoved = false
  lastWriteAt = 0
  lastWriteEnd = 0

  constructor(ino: Ino, path: string, size: number, handle?: FileSystemFileHandle) {
    this.ino = ino
    this.path = path
    this.size = size
    this.handle = handle
  }

  get needsFlush(): boolean {
    return this.state.unflushed
  }
}

/** A handle that is counted with those of files, and that can be let go of for a while: the ballast's. */
export interface SpareHandle {
  readonly isOpen: boolean
  letGo(): void
}

export interface HandlePoolParts {
  /** Most handles, the spare one included; at least 1. */
  readonly limit: number
  readonly spare: SpareHandle
  readonly access: FileAccess
  readonly directories: Directories
  readonly counters: Counters
  /** Runs before a handle is closed for another file's sake. */
  readonly beforeEviction: (file: StoredFile) => void
  /** Runs on a file just opened whose size is not what it should be. */
  readonly checkSize: (file: StoredFile, open: OpenFile) => void
}

/** Most files to open ahead: what a database reads when it starts. */
const AHEAD_MAX = 56
/** Opens under way at once: more of them do not go faster. */
const PARALLEL = 16
/** What an open fails with for a reason of its own: with fewer handles it would fail as well. */
const NO_REFUSALS: ReadonlySet<ErrnoCode> = new Set([
  'ENOENT',
  'EEXIST',
  'EBUSY',
  'EACCES',
  'ENOTSUP',
  'ETIMEDOUT',
])

export class HandlePool {
  #limit: number
  readonly #parts: HandlePoolParts
  // Files with a handle, the one used longest ago first.
  readonly #open = new Set<StoredFile>()
  // Opens under way count as handles.
  readonly #opening = new Set<Promise<unknown>>()
  // How many have been closed so far.
  #closed = 0
  readonly #firstUsed = new Set<Ino>()

  constructor(parts: HandlePoolParts) {
    if (!Number.isSafeInteger(parts.limit) || parts.limit < 1) {
      throw new RangeError(`a store cannot work with ${parts.limit} handles for its files`)
    }
    this.#limit = parts.limit
    this.#parts = parts
  }

  /** Most handles: fewer than were allowed once the browser has refused one. */
  get limit(): number {
    return this.#limit
  }

  /** Files that the program has used, the first ones of this session. */
  get firstUsed(): ReadonlySet<Ino> {
    return this.#firstUsed
  }

  /** The program reads or changes a file that has its name already, wherever its bytes are. */
  noteUse(ino: Ino): void {
    if (this.#firstUsed.size < AHEAD_MAX) this.#firstUsed.add(ino)
  }

  /**
   * Opens files that will soon be used, in that order: side by side, each takes a fraction of the time
   * that it takes alone. What cannot be opened is left to whoever uses it.
   */
  async openAhead(files: readonly StoredFile[]): Promise<void> {
    const most = Math.min(AHEAD_MAX, this.limit)
    const open = async (file: StoredFile): Promise<void> => {
      try {
        await this.with(file, () => {})
      } catch (error) {
        if (!(error instanceof VfsError)) throw error
      }
    }
    // The last ones first: should handles be wanted meanwhile, those go first.
    await forAll(files.slice(0, most).toReversed(), open, Math.min(PARALLEL, this.limit))
  }

  /**
   * Runs `work` on the file's open handle: at once if it has one, otherwise as soon as it is open, so that
   * nothing can take the handle away before.
   */
  with<Result>(
    file: StoredFile,
    work: (open: OpenFile) => Result,
  ): Result | Promise<Awaited<Result>> {
    if (file.open === undefined) return this.#openFor(file, work)
    // From now on it is the one used last.
    this.#open.delete(file)
    this.#open.add(file)
    return work(file.open)
  }

  async #openFor<Result>(
    file: StoredFile,
    work: (open: OpenFile) => Result,
  ): Promise<Awaited<Result>> {
    const { access, directories, counters, checkSize } = this.#parts
    let opened: OpenFile | undefined
    const openHandle = async (): Promise<AccessHandle> => {
      file.handle ??= await directories.file(file.path)
      return await access.open(file.handle, file.path)
    }
    const use = (handle: AccessHandle): Result => {
      file.open = new OpenFile(file.path, handle, file.state, counters)
      this.#open.add(file)
      if (file.open.size !== file.size) checkSize(file, file.open)
      opened = file.open
      return work(opened)
    }
    try {
      return await this.opening(openHandle, use)
    } catch (thrown) {
      if (opened !== undefined) throw thrown
      this.close(file)
      const error = toVfsError(thrown, 'open', { path: file.path })
      if (error.code !== 'ENOENT') throw error
      throw new VfsError('EIO', 'open', {
        path: file.path,
        detail: 'other code has removed this file',
        cause: error,
      })
    }
  }

  /**
   * Opens a handle in the place of others if all are in use, or if the browser refuses one more: many stores
   * share its limit (Safari: 252 in an origin). `use` is given it at once, before another can take its place.
   */
  async opening<Result>(
    open: () => Promise<AccessHandle>,
    use: (handle: AccessHandle) => Result,
  ): Promise<Awaited<Result>> {
    for (;;) {
      while (!this.#makeRoom()) await Promise.race(this.#opening).catch(() => {})
      const closed = this.#closed
      const attempt = open()
      this.#opening.add(attempt)
      let handle: AccessHandle
      try {
        handle = await attempt
      } catch (thrown) {
        this.#opening.delete(attempt)
        const { code } = toVfsError(thrown, 'open')
        if (NO_REFUSALS.has(code) || !this.#degrade(closed)) throw thrown
        continue
      }
      this.#opening.delete(attempt)
      return await use(handle)
    }
  }

  /** Makes do with a handle less. False if there is none to let go of, and none was let go of meanwhile. */
  #degrade(closed: number): boolean {
    if (this.#inUse === 0) return closed < this.#closed
    this.#limit = this.#inUse
    return true
  }

  get #inUse(): number {
    return this.#open.size + this.#opening.size + (this.#parts.spare.isOpen ? 1 : 0)
  }

  close(file: StoredFile): void {
    const { open } = file
    this.#open.delete(file)
    file.open = undefined
    if (open === undefined) return
    this.#closed++
    open.close()
  }

  closeAll(): void {
    for (const file of this.#open) this.close(file)
  }

  /** Closes all files, as if their handles were wanted. */
  evictAll(): void {
    for (const file of this.#open) {
      this.#parts.beforeEviction(file)
      this.close(file)
    }
  }

  /** False if all handles are being opened. */
  #makeRoom(): boolean {
    for (const file of this.#open) {
      if (this.#inUse < this.#limit) return true
      this.#parts.beforeEviction(file)
      this.close(file)
    }
    if (this.#inUse >= this.#limit) this.#parts.spare.letGo()
    return this.#inUse < this.#limit
  }
}
