// The worker's view of one request record. Called by the serving loop for the record it is at; numbers
// are read afresh, nothing is kept.

import { VfsError } from '@wasm-vfs/core/backend'
import {
  CLAIM_NONE,
  CLAIM_TAKEN,
  claimIndexOf,
  PLACE_MEMORY,
  PLACE_READ_AREA,
  PLACE_RING,
  RECORD_ADDRESS,
  RECORD_ANSWER,
  RECORD_AT,
  RECORD_FLAG,
  RECORD_INO,
  RECORD_LENGTH,
  RECORD_NUMBERS,
  RECORD_OP,
  RECORD_PLACE,
  RECORD_SIZE,
  RECORD_WORDS,
  slotOf,
  type SharedViews,
} from './protocol.ts'

export class Requests {
  readonly #views: SharedViews
  /** Those that were attached, in order. */
  readonly memories: WebAssembly.Memory[] = []

  constructor(views: SharedViews) {
    this.#views = views
  }

  /** Whether this thread may carry it out; if not, the client has cancelled it and must not be touched. */
  claim(number: number): boolean {
    const { recordWords } = this.#views
    const index = claimIndexOf(number)
    return Atomics.compareExchange(recordWords, index, CLAIM_NONE, CLAIM_TAKEN) === CLAIM_NONE
  }

  op(number: number): number {
    return this.#word(number, RECORD_OP)
  }

  ino(number: number): number {
    return this.#number(number, RECORD_INO)
  }

  at(number: number): number {
    return this.#number(number, RECORD_AT)
  }

  size(number: number): number {
    return this.#number(number, RECORD_SIZE)
  }

  length(number: number): number {
    return this.#word(number, RECORD_LENGTH)
  }

  address(number: number): number {
    return this.#number(number, RECORD_ADDRESS)
  }

  place(number: number): number {
    return this.#word(number, RECORD_PLACE)
  }

  flag(number: number): boolean {
    return this.#word(number, RECORD_FLAG) !== 0
  }

  answer(number: number): number {
    return this.#word(number, RECORD_ANSWER)
  }

  /** The bytes of a request; `length` may be that of several which adjoin. */
  bytes(number: number, length: number = this.length(number)): Uint8Array {
    const address = this.address(number)
    const place = this.place(number)
    if (place >= PLACE_MEMORY) return this.#inMemory(place - PLACE_MEMORY, address, length)
    const { ring, readArea } = this.#views
    const whole = place === PLACE_RING ? ring : place === PLACE_READ_AREA ? readArea : undefined
    if (whole === undefined || address + length > whole.length) {
      throw new VfsError('EPROTO', 'request', {
        detail: `${length} bytes at ${address} of place ${place} do not exist`,
      })
    }
    return whole.subarray(address, address + length)
  }

  #inMemory(index: number, address: number, length: number): Uint8Array {
    const memory = this.memories[index]
    if (memory === undefined) {
      throw new VfsError('EPROTO', 'request', { detail: `memory ${index} is not attached` })
    }
    // Another thread may have made it grow; then the buffer that is known here is too short, until this
    // thread asks for its size.
    if (address + length > memory.buffer.byteLength) memory.grow(0)
    if (address + length > memory.buffer.byteLength) {
      throw new VfsError('EFAULT', 'request', {
        detail: `${length} bytes at ${address} are beyond the attached memory`,
      })
    }
    return new Uint8Array(memory.buffer, address, length)
  }

  /** Whether request `next` writes on in the file and in the data ring where `number` ends after `length`. */
  continues(number: number, length: number, next: number): boolean {
    return (
      this.op(next) === this.op(number) &&
      this.place(next) === PLACE_RING &&
      this.ino(next) === this.ino(number) &&
      this.at(next) === this.at(number) + length &&
      this.address(next) === this.address(number) + length
    )
  }

  #word(number: number, index: number): number {
    return this.#views.recordWords[slotOf(number) * RECORD_WORDS + index]!
  }

  #number(number: number, index: number): number {
    return this.#views.recordNumbers[slotOf(number) * RECORD_NUMBERS + index]!
  }
}
