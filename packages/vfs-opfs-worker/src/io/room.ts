// What to do where storage has no space left: the reservation gives some up, a little at first, and what
// failed is done again. Everything that makes a file grow runs in here, once its space has been promised.

import { VfsError } from '@wasm-vfs/core/backend'
import type { Reservation } from './reservation.ts'
import type { HandlePool } from './stored-file.ts'

const MIB = 1024 * 1024
/** Given up before each further attempt, in bytes: a browser takes more for a growing file than it grows. */
const STEPS = [MIB, 4 * MIB, Infinity] as const

export class Room {
  readonly #reservation: Reservation
  readonly #handles: HandlePool

  constructor(reservation: Reservation, handles: HandlePool) {
    this.#reservation = reservation
    this.#handles = handles
  }

  /**
   * Runs `work`, and again while there is something to give up. It must bear that: what has failed for
   * want of space has changed nothing, or is only continued.
   */
  making<Result>(work: () => Result | Promise<Result>): Result | Promise<Result> {
    try {
      const result = work()
      return result instanceof Promise
        ? result.catch((error: unknown) => this.#again(work, error))
        : result
    } catch (error) {
      if (!isNoSpace(error)) throw error
      return this.#again(work, error)
    }
  }

  async #again<Result>(work: () => Result | Promise<Result>, thrown: unknown): Promise<Result> {
    let error = thrown
    for (const bytes of STEPS) {
      if (!isNoSpace(error)) break
      const given = await this.#reservation.giveUp(bytes)
      // What a file has been given beyond its bytes is free once its handle is closed.
      if (bytes === Infinity) this.#handles.evictAll()
      else if (!given) continue
      try {
        const result = await work()
        await this.#reservation.restore()
        return result
      } catch (failure) {
        error = failure
      }
    }
    throw error
  }
}

export function isNoSpace(error: unknown): error is VfsError {
  return error instanceof VfsError && error.code === 'ENOSPC'
}
