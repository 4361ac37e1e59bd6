// The pool files of a store: one pack, files dedicated to one inode each, and spares. Opening a handle
// is asynchronous, so spares are made ahead, in `replenish`; inside a synchronous call a file is only
// ever taken from them. Without a spare the caller stays in the pack, so the pool cannot run out.
//
// The stores of an origin share the handles that its browser has (Safari: 252). A file that gets none and
// that no inode needs stays closed, and is opened as a spare when there are handles again.

import { namesIn, VfsError } from '@wasm-vfs/core/backend'
import { dataFileName, dataFileSerial } from '../layout.ts'
import type { Counters } from '../storage/counters.ts'
import { StorageFile } from '../storage/storage-file.ts'
import { BuddyAllocator } from './buddy.ts'
import type { FileFact } from './facts.ts'
import type { FlushOrder } from './flush-order.ts'
import { PoolFile } from './pool-file.ts'

/** Spares to have at hand after each `replenish`. */
const SPARES_WANTED = 4
/** Spares of a new store: until it has settled there are no others. At most half of all its files. */
const FIRST_SPARES = 8
/** After a spare could not be made none is tried for this long, in milliseconds: each sync waits for them. */
const RETRY_MS = 10_000

/**
 * How long a new file's name takes to be safe from a power cut, in milliseconds: the browser writes
 * names to storage without a flush, so only the operating system's own write-back (30 s on Linux, with
 * as much again for slack) puts them there.
 */
export const SETTLING_MS = 60_000

/** `born` of the files that a store is made with: a name of theirs is as safe as the store's own. */
export const FIRST_BORN = 0

export interface PoolOptions {
  readonly directory: FileSystemDirectoryHandle
  readonly counters: Counters
  readonly order: FlushOrder
  /** Most pool files to have. */
  readonly maxFiles: number
  /** How long the store has been open since it was made, in milliseconds. Names settle by this. */
  readonly age: () => number
}

/** A pool file without a handle. */
interface ClosedFile {
  /** Undefined for one that no fact knows, or that may not even be there. */
  born: number | undefined
  readonly why: VfsError | undefined
}

export class Pool {
  readonly #options: PoolOptions
  readonly #files = new Map<number, PoolFile>()
  // Empty, flushed, unused, oldest first.
  readonly #spares: PoolFile[] = []
  // Files without a handle, by serial: what no inode needs, and, until `recognize`, what could not be opened.
  readonly #closed = new Map<number, ClosedFile>()
  // Made, and not yet in a fact.
  #unrecorded: PoolFile[] = []
  #pack: PoolFile | undefined
  readonly slots: BuddyAllocator = new BuddyAllocator()
  #nextSerial = 1
  // No spare is made before this, by `performance.now()`.
  #retryAt = Number.NEGATIVE_INFINITY

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get pack(): PoolFile {
    if (this.#pack === undefined) throw new VfsError('EIO', 'open', { detail: 'there is no pack' })
    return this.#pack
  }

  get files(): Iterable<PoolFile> {
    return this.#files.values()
  }

  file(serial: number): PoolFile | undefined {
    return this.#files.get(serial)
  }

  /** Opens the pool files in the directory, whether a fact knows them or not, as far as handles are given. */
  async openAll(): Promise<void> {
    const serials: number[] = []
    for (const name of await namesIn(this.#options.directory, 'open')) {
      const serial = dataFileSerial(name)
      if (serial !== undefined) serials.push(serial)
    }
    await this.#openEach(serials)
  }

  /** Gives all handles up until `recognize`, for a file that is needed more. False if there was none. */
  giveUpHandles(): boolean {
    const any = this.#files.size > 0
    for (const file of this.#files.values()) this.#close(file)
    return any
  }

  /**
   * What the state says of the files. `used` are those that places name: one that is missing, or that cannot
   * be opened even when no other file is open for nothing, fails the open; a missing spare is forgotten.
   */
  async recognize(
    recorded: ReadonlyMap<number, FileFact>,
    used: ReadonlySet<number>,
  ): Promise<void> {
    const missing = [...used].filter((each) => !this.#files.has(each) && !this.#closed.has(each))
    if (missing.length > 0) {
      throw new VfsError('EIO', 'open', {
        path: `${this.#options.directory.name}/${missing.map(dataFileName).join(', ')}`,
        detail:
          'the state names pool files that are not there; a power cut can take the names of a store ' +
          'that was made less than a minute before (it never settled)',
      })
    }
    await this.#openUsed(used)
    for (const [serial, file] of this.#closed) file.born = recorded.get(serial)?.born
    for (const file of this.#files.values()) {
      const fact = recorded.get(file.serial)
      file.born = fact?.born ?? this.#now
      if (fact === undefined) this.#unrecorded.push(file)
      if (fact?.pack === true) this.#pack = file
    }
  }

  async #openUsed(used: ReadonlySet<number>): Promise<void> {
    const wanted = [...used].filter((serial) => this.#closed.has(serial))
    if (wanted.length === 0) return
    for (const file of this.#files.values()) if (!used.has(file.serial)) this.#close(file)
    await this.#openEach(wanted)
    for (const serial of wanted) {
      const why = this.#closed.get(serial)?.why
      if (why === undefined) continue
      throw new VfsError(why.code, 'open', {
        path: why.path,
        detail:
          `the store needs ${used.size + 2} handles and got no more than ${this.#files.size + 2}; ` +
          `closing other stores of this origin may help (${why.message})`,
        cause: why,
      })
    }
  }

  /** Makes the pack and the first spares of a new store, of empty files that an interrupted making left first. */
  async createFirst(): Promise<void> {
    for (const { why } of this.#closed.values()) if (why !== undefined) throw why
    const [first, ...others] = this.#files.values()
    this.#pack = first ?? (await this.#create())
    for (const file of others) this.addSpare(file)
    const most = Math.floor((this.#options.maxFiles - 1) / 2)
    await this.#makeSpares(Math.min(FIRST_SPARES, most) - others.length)
    for (const file of this.#files.values()) file.born = FIRST_BORN
  }

  /** Closes spares beyond the handles that there may be. */
  closeSurplus(): void {
    while (this.#files.size > this.#options.maxFiles && this.#spares.length > 0) {
      const youngest = this.#spares.pop()!
      this.#unrecorded = this.#unrecorded.filter((file) => file !== youngest)
      this.#close(youngest)
    }
  }

  /**
   * Makes spares until there are enough or the handles run out. One that cannot be made is none: large files
   * stay in the pack without.
   */
  async replenish(): Promise<void> {
    if (performance.now() >= this.#retryAt) await this.#makeSpares(this.#sparesWanted)
  }

  get needsSpares(): boolean {
    return this.#sparesWanted > 0
  }

  get #sparesWanted(): number {
    const handlesLeft = this.#options.maxFiles - this.#files.size
    return Math.max(0, Math.min(SPARES_WANTED - this.#spares.length, handlesLeft))
  }

  async #makeSpares(count: number): Promise<void> {
    const making = Array.from({ length: Math.max(0, count) }, () => this.#makeSpare())
    for (const result of await Promise.allSettled(making)) {
      if (result.status === 'fulfilled') {
        this.addSpare(result.value)
        continue
      }
      if (!(result.reason instanceof VfsError)) throw result.reason
      this.#retryAt = performance.now() + RETRY_MS
    }
  }

  async #makeSpare(): Promise<PoolFile> {
    const [oldest] = [...this.#closed].sort(
      ([, a], [, b]) => (a.born ?? Infinity) - (b.born ?? Infinity),
    )
    if (oldest === undefined) return await this.#create()
    const [serial, closed] = oldest
    const file = await this.#open(serial, closed.born)
    try {
      // A dead session may have written to it.
      if (file.storage.size > 0) file.storage.truncate(0)
      file.storage.flushAlways()
    } catch (error) {
      this.#close(file)
      throw error
    }
    if (closed.born === undefined) this.#unrecorded.push(file)
    return file
  }

  /**
   * A spare whose name is safe, because committed metadata must not name a file that a power cut can take
   * away: it is as old as the store, or has settled.
   */
  takeSpare(): PoolFile | undefined {
    const [oldest] = this.#spares
    if (oldest === undefined) return undefined
    const settled = this.#options.age() - oldest.born >= SETTLING_MS
    if (oldest.born !== FIRST_BORN && !settled) return undefined
    return this.#spares.shift()
  }

  /** Takes an emptied and flushed file back. */
  addSpare(file: PoolFile): void {
    file.owner = undefined
    file.flushBeforeCommit = false
    const at = this.#spares.findIndex((each) => each.born > file.born)
    this.#spares.splice(at === -1 ? this.#spares.length : at, 0, file)
  }

  /** Facts about files made since the last call. */
  takeFileFacts(): FileFact[] {
    const facts = this.#unrecorded.map((file) => this.#factOf(file))
    this.#unrecorded = []
    return facts
  }

  returnFileFacts(facts: readonly FileFact[]): void {
    for (const { serial } of facts) this.#unrecorded.push(this.#files.get(serial)!)
  }

  *snapshot(): Generator<FileFact> {
    for (const file of this.#files.values()) yield this.#factOf(file)
    for (const [serial, { born }] of this.#closed) {
      if (born !== undefined) yield { type: 'file', serial, born, pack: false }
    }
  }

  /** Closes every handle, whatever is dirty. */
  closeAll(): void {
    for (const file of this.#files.values()) file.storage.close()
    this.#files.clear()
    this.#spares.length = 0
  }

  #factOf(file: PoolFile): FileFact {
    return { type: 'file', serial: file.serial, born: file.born, pack: file === this.#pack }
  }

  /** The present, as a name made now is born: later than the first. */
  get #now(): number {
    return Math.max(this.#options.age(), FIRST_BORN + 1)
  }

  async #create(): Promise<PoolFile> {
    const file = await this.#open(this.#nextSerial++, undefined)
    this.#unrecorded.push(file)
    return file
  }

  /** Opens as many as handles are given for. */
  async #openEach(serials: readonly number[]): Promise<void> {
    const opening = serials.toSorted((a, b) => a - b).map((serial) => this.#open(serial, undefined))
    for (const result of await Promise.allSettled(opening)) {
      if (result.status === 'rejected' && !(result.reason instanceof VfsError)) throw result.reason
    }
  }

  /** Undefined for `born` is now: before the name is there it cannot settle. */
  async #open(serial: number, born: number | undefined): Promise<PoolFile> {
    const { directory, counters, order } = this.#options
    this.#nextSerial = Math.max(this.#nextSerial, serial + 1)
    // Nobody else is to open it meanwhile.
    this.#closed.delete(serial)
    try {
      const storage = await StorageFile.open(directory, dataFileName(serial), {
        create: true,
        counters,
      })
      const file = new PoolFile(serial, born ?? this.#now, storage, counters, order)
      this.#files.set(serial, file)
      return file
    } catch (error) {
      if (error instanceof VfsError) this.#closed.set(serial, { born, why: error })
      throw error
    }
  }

  #close(file: PoolFile): void {
    file.storage.close()
    this.#files.delete(file.serial)
    this.#closed.set(file.serial, { born: file.born, why: undefined })
  }
}
