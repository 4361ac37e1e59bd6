// Space promised to the program: a file that occupies it. What the program writes finds other space
// while there is some; only where there is none the file gives some up, so that a write that was
// accepted cannot fail for want of space when it is carried out (room.ts). Without sync access handles a
// file grows only when it is written back, so there nothing is reserved.

import { VfsError } from '@wasm-vfs/core/backend'
import type { AccessHandle, FileAccess } from './access.ts'
import type { Counters } from './counters.ts'
import type { Directories } from './directories.ts'
import { BALLAST_PATH as PATH } from './layout.ts'
import { FlushState, OpenFile } from './open-file.ts'
import type { HandlePool, SpareHandle } from './stored-file.ts'

/**
 * Kept for the store's own log and journal, in bytes: of small files that are written over, this much is
 * journalled before more is accepted, and no reservation precedes it.
 */
const OWN_MARGIN = 2.5 * 1024 * 1024
/** Reserved beyond what was asked for, if there is room, so that the next ones need no work. */
const HEADROOM = 16 * 1024 * 1024
/** Less is not worth a call, in bytes. */
const RESTORE_MIN = 256 * 1024

export class Reservation implements SpareHandle {
  /** Shares the handles of the program's files with it; before there are any, it needs none. */
  handles: HandlePool | undefined
  readonly #directories: Directories
  readonly #access: FileAccess
  readonly #counters: Counters
  // Its handle is closed when a file needs one.
  #file: OpenFile | undefined
  #held = 0
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
    return this.#held
  }

  get isOpen(): boolean {
    return this.#file !== undefined
  }

  /** The store's own margin has been touched. */
  get isShort(): boolean {
    return this.held < this.#owed + OWN_MARGIN && this.held < this.#most
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
    await this.empty()
  }

  /** Gives up `bytes`, or what is left. False if there was nothing. */
  async giveUp(bytes: number): Promise<boolean> {
    this.isScarce = true
    if (this.held === 0) return false
    const file = await this.#open()
    this.#resize(file, Math.max(0, this.held - bytes))
    // Chromium counts what a file gave up as taken until its handle is closed.
    this.letGo()
    return true
  }

  /** Takes up again what was given up, as far as it is still there; so much less is available. */
  async restore(): Promise<void> {
    for (let more = this.#most - this.held; more >= RESTORE_MIN; more /= 2) {
      try {
        const file = await this.#open()
        this.#resize(file, Math.min(this.held + Math.floor(more), this.#most))
      } catch (error) {
        // Whoever reserves next is told.
        if (!(error instanceof VfsError)) throw error
      }
    }
  }

  /** Lets go of all space. */
  async empty(): Promise<void> {
    this.#most = 0
    if (this.held > 0) this.#resize(await this.#open(), 0)
    this.letGo()
  }

  /** What it holds stays held. */
  letGo(): void {
    this.#file?.close()
    this.#file = undefined
  }

  async #grow(bytes: number): Promise<number> {
    const file = await this.#open()
    const wanted = bytes + this.#owed + OWN_MARGIN
    try {
      this.#resize(file, wanted + HEADROOM)
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ENOSPC') throw error
      this.#resize(file, wanted)
    }
    this.#most = this.held
    return this.#free
  }

  #resize(file: OpenFile, size: number): void {
    file.truncate(size)
    this.#held = size
  }

  async #open(): Promise<OpenFile> {
    if (this.#file !== undefined) return this.#file
    const open = async (): Promise<AccessHandle> =>
      await this.#access.open(await this.#directories.file(PATH, { create: true }), PATH)
    const take = (handle: AccessHandle): void => {
      this.#file = new OpenFile(PATH, handle, new FlushState(), this.#counters)
      this.#held = this.#file.size
    }
    if (this.handles === undefined) take(await open())
    else await this.handles.opening(open, take)
    return this.#file!
  }
}
