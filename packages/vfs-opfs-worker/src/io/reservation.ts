// Space promised to the program: a file that occupies it. What the program writes finds other space
// while there is some; only where there is none the file gives some up, so that a write that was
// accepted cannot fail for want of space when it is carried out (room.ts). Without sync access handles a
// file grows only when it is written back, so there nothing is reserved.

import { VfsError } from '@wasm-vfs/core/backend'
import type { FileAccess } from './access.ts'
import type { Counters } from './counters.ts'
import type { Directories } from './directories.ts'
import { BALLAST_PATH as PATH } from './layout.ts'
import { FlushState, OpenFile } from './open-file.ts'

/**
 * Kept for the store's own log and journal, in bytes: of small files that are written over, this much is
 * journalled before more is accepted, and no reservation precedes it.
 */
const OWN_MARGIN = 2.5 * 1024 * 1024
/** Reserved beyond what was asked for, if there is room, so that the next ones need no work. */
const HEADROOM = 16 * 1024 * 1024
/** Less is not worth a call, in bytes. */
const RESTORE_MIN = 256 * 1024

export class Reservation {
  readonly #directories: Directories
  readonly #access: FileAccess
  readonly #counters: Counters
  #file: OpenFile | undefined
  // Growth that the program has been promised and that has not reached OPFS.
  #owed = 0
  // What it held at most, which is what it should hold again once there is space.
  #most = 0
  /** Large files may not be able to grow, although something is available. */
  isScarce = false

  constructor(directories: Directories, access: FileAccess, counters: Counters) {
    this.#directories = directories
    this.#access = access
    this.#counters = counters
  }

  /**
   * Bytes of growth that can be carried out for certain, in any files. None where space is scarce: a
   * browser may want as much again for a large file that is to grow a little.
   */
  get available(): number {
    return this.isScarce ? 0 : this.#free
  }

  get #free(): number {
    return Math.max(0, this.held - this.#owed - OWN_MARGIN)
  }

  /** Bytes that the ballast occupies. */
  get held(): number {
    return this.#file?.size ?? 0
  }

  /** The store's own margin has been touched. */
  get isShort(): boolean {
    return this.#file !== undefined && this.held < this.#owed + OWN_MARGIN && this.held < this.#most
  }

  /** Growth of content that is kept in memory for now; negative when it is carried out or given up. */
  owe(bytes: number): void {
    this.#owed += bytes
  }

  /** At least `bytes` available, or ENOSPC. */
  reserve(bytes: number): number | Promise<number> {
    return bytes <= this.#free ? this.#free : this.#grow(bytes)
  }

  /** Gives back what a session that did not close had taken. */
  async clear(): Promise<void> {
    await this.#open()
    this.empty()
  }

  /** Gives up `bytes`, or what is left. False if there was nothing. */
  async giveUp(bytes: number): Promise<boolean> {
    const file = this.#file
    this.isScarce = true
    if (file === undefined || file.size === 0) return false
    file.truncate(Math.max(0, file.size - bytes))
    // Chromium counts what a file gave up as taken until its handle is closed.
    this.close()
    await this.#open()
    return true
  }

  /** Takes up again what was given up, as far as it is still there; so much less is available. */
  restore(): void {
    if (this.#file === undefined) return
    for (let more = this.#most - this.held; more >= RESTORE_MIN; more /= 2) {
      try {
        this.#file.truncate(Math.min(this.held + Math.floor(more), this.#most))
      } catch (error) {
        // Whoever reserves next is told.
        if (!(error instanceof VfsError)) throw error
      }
    }
  }

  /** Lets go of all space. */
  empty(): void {
    this.#most = 0
    this.#file?.truncate(0)
    this.close()
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  async #grow(bytes: number): Promise<number> {
    await this.#open()
    const file = this.#file!
    const wanted = bytes + this.#owed + OWN_MARGIN
    try {
      file.truncate(wanted + HEADROOM)
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ENOSPC') throw error
      file.truncate(wanted)
    }
    this.#most = file.size
    return this.#free
  }

  async #open(): Promise<void> {
    if (this.#file !== undefined) return
    const handle = await this.#directories.file(PATH, { create: true })
    const access = await this.#access.open(handle, PATH)
    this.#file = new OpenFile(PATH, access, new FlushState(), this.#counters)
  }
}
