// The pool files of a store: one pack, files dedicated to one inode each, and spares. Opening a handle
// is asynchronous, so spares are made ahead, in `replenish`; inside a synchronous call a file is only
// ever taken from them. Without a spare the caller stays in the pack, so the pool cannot run out.

import { toVfsError, VfsError } from '@wasm-vfs/core/backend'
import { dataFileName, dataFileSerial } from '../layout.ts'
import type { Counters } from '../storage/counters.ts'
import { StorageFile } from '../storage/storage-file.ts'
import { BuddyAllocator } from './buddy.ts'
import type { FileFact } from './facts.ts'
import type { FlushOrder } from './flush-order.ts'
import { PoolFile } from './pool-file.ts'

/** Spares to have at hand after each `replenish`. */
const SPARES_WANTED = 4

/**
 * How long a new file's name takes to be safe from a power cut, in milliseconds: the browser writes
 * names to storage without a flush, so only the operating system's own write-back (30 s on Linux, with
 * as much again for slack) puts them there.
 */
export const SETTLING_MS = 60_000

export interface PoolOptions {
  readonly directory: FileSystemDirectoryHandle
  readonly counters: Counters
  readonly order: FlushOrder
  /** Most pool files to have. */
  readonly maxFiles: number
}

export class Pool {
  readonly #options: PoolOptions
  readonly #files = new Map<number, PoolFile>()
  // Empty, flushed, unused, oldest first.
  readonly #spares: PoolFile[] = []
  // Made, and not yet in a fact.
  #unrecorded: PoolFile[] = []
  #pack: PoolFile | undefined
  readonly slots: BuddyAllocator = new BuddyAllocator()
  #nextSerial = 1

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

  /** Opens every pool file in the directory, whether a fact knows it or not. */
  async openAll(): Promise<void> {
    const { directory } = this.#options
    const serials: number[] = []
    try {
      for await (const name of directory.keys()) {
        const serial = dataFileSerial(name)
        if (serial !== undefined) serials.push(serial)
      }
    } catch (thrown) {
      throw toVfsError(thrown, 'open', { path: directory.name })
    }
    serials.sort((a, b) => a - b)
    const now = Date.now()
    const opened = await Promise.allSettled(serials.map((serial) => this.#open(serial, now)))
    for (const result of opened) if (result.status === 'rejected') throw result.reason
  }

  /**
   * What the state says of the files that are open. `used` are those that places name: one that is
   * missing is EIO, a missing spare is forgotten.
   */
  recognize(recorded: ReadonlyMap<number, FileFact>, used: ReadonlySet<number>): void {
    const missing = [...used].filter((serial) => !this.#files.has(serial))
    if (missing.length > 0) {
      throw new VfsError('EIO', 'open', {
        path: `${this.#options.directory.name}/${missing.map(dataFileName).join(', ')}`,
        detail:
          'the state names pool files that are not there; a power cut can take the names of a store ' +
          'that was made less than a minute before (it never settled)',
      })
    }
    for (const file of this.#files.values()) {
      const fact = recorded.get(file.serial)
      if (fact === undefined) this.#unrecorded.push(file)
      else file.born = fact.born
      if (fact?.pack === true) this.#pack = file
    }
  }

  /** Makes the pack of a new store; empty files that an interrupted making left are used first. */
  async createPack(): Promise<void> {
    const [first, ...others] = this.#files.values()
    this.#pack = first ?? (await this.#create())
    for (const file of others) this.addSpare(file)
  }

  /** Makes spares until there are enough or the handles run out. */
  async replenish(): Promise<void> {
    const made = await Promise.allSettled(
      Array.from({ length: this.#sparesWanted }, () => this.#create()),
    )
    for (const result of made) {
      if (result.status === 'rejected') throw result.reason
      this.addSpare(result.value)
    }
  }

  get needsSpares(): boolean {
    return this.#sparesWanted > 0
  }

  get #sparesWanted(): number {
    const handlesLeft = this.#options.maxFiles - this.#files.size
    return Math.max(0, Math.min(SPARES_WANTED - this.#spares.length, handlesLeft))
  }

  /**
   * A spare whose name is safe, because committed metadata must not name a file that a power cut can
   * take away; or any spare as long as the store itself, which is as old as its pack, is not settled.
   */
  takeSpare(): PoolFile | undefined {
    const [oldest] = this.#spares
    if (oldest === undefined) return undefined
    const settled = Date.now() - SETTLING_MS
    if (oldest.born > settled && this.#newestUsed() <= settled) return undefined
    return this.#spares.shift()
  }

  /** When the youngest file in use was made: from then on only settled spares are taken. */
  #newestUsed(): number {
    let newest = 0
    for (const file of this.#files.values()) {
      if (file === this.#pack || file.owner !== undefined) newest = Math.max(newest, file.born)
    }
    return newest
  }

  /** Takes an emptied and flushed file back. */
  addSpare(file: PoolFile): void {
    file.owner = undefined
    file.reliedUpon = false
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

  async #create(): Promise<PoolFile> {
    const file = await this.#open(this.#nextSerial++, Date.now())
    this.#unrecorded.push(file)
    return file
  }

  async #open(serial: number, born: number): Promise<PoolFile> {
    const { directory, counters, order } = this.#options
    this.#nextSerial = Math.max(this.#nextSerial, serial + 1)
    const storage = await StorageFile.open(directory, dataFileName(serial), {
      create: true,
      counters,
    })
    const file = new PoolFile(serial, born, storage, counters, order)
    this.#files.set(serial, file)
    return file
  }
}
