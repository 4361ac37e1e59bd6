// What has failed after the call that asked for it had returned: posted requests, and flushes that were put
// off. Nobody was there to be told, so from the first such failure on nothing is vouched for: every fsync,
// commit, sync, housekeeping and close fails with it, until the store is reopened. Postgres may otherwise
// evict a page, read the version before back with a valid checksum, and log changes on top of it.
//
// An inode whose posted write has failed can be neither read nor written any more: what it holds is older
// than what the program has written. That it is removed or dropped changes nothing: the program may have
// read from it what it has written elsewhere since.
//
// Kept by the serving loop. The count is in shared memory, where an fsync that has nothing pending looks.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'
import { WORD_FAILURES } from './protocol.ts'

export class Failures {
  readonly #words: Int32Array
  readonly #ofInodes = new Map<Ino, VfsError>()
  #first: VfsError | undefined
  #lastPromised: VfsError | undefined
  #count = 0

  constructor(words: Int32Array) {
    this.#words = words
  }

  get first(): VfsError | undefined {
    return this.#first
  }

  /** A request that nobody waits for has failed; `ino` if it was to change a file. */
  posted(error: VfsError, ino: Ino | undefined): void {
    const about = ino === undefined ? '' : ` of inode ${ino}`
    const failure = new VfsError(error.code, error.operation, {
      detail: `a request${about} failed after its call had returned; reopen the store (${error.message})`,
      cause: error,
    })
    if (ino !== undefined && !this.#ofInodes.has(ino)) this.#ofInodes.set(ino, failure)
    this.#add(failure)
  }

  /** What had been promised before could not be kept. May be said again. */
  promised(error: VfsError): void {
    if (error === this.#lastPromised) return
    this.#lastPromised = error
    this.#add(error)
  }

  /** Before a file is read or changed. */
  checkInode(ino: Ino): void {
    const failure = this.#ofInodes.get(ino)
    if (failure !== undefined) throw failure
  }

  /** Before anything is vouched for. */
  check(): void {
    if (this.#first !== undefined) throw this.#first
  }

  /** Published before the request counts as done. */
  #add(error: VfsError): void {
    this.#first ??= error
    Atomics.store(this.#words, WORD_FAILURES, ++this.#count)
  }
}
