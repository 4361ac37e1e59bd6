// Where a program reads a file in order, the next reads find their bytes in the shared memory already and
// wait for nobody: a wait costs more than the bytes do. Called by the content store for each read, and told of
// whatever changes a file. Relies on one thread alone changing files while the store is open.

import { VfsError, type Ino } from '@wasm-vfs/core/backend'
import { OP_READ, PLACE_READ_AREA } from '../channel/protocol.ts'
import type { Channel } from './channel.ts'

const WINDOW_BYTES = 64 * 1024
/** Files of which it is remembered where the last read ended: recovery reads a log, and pages in between. */
const STREAMS = 16
/** A file that is read in order keeps the window while others are read, but not for longer than this. */
const READS_ELSEWHERE = 32

export class ReadAhead {
  readonly #channel: Channel
  // The end of the read area.
  readonly #window: Uint8Array
  readonly #address: number
  // It holds the bytes of this file that end here.
  #ino: Ino | undefined
  #end = 0
  #readsElsewhere = 0
  // By file the end of its last read, the file read longest ago first.
  readonly #ends = new Map<Ino, number>()

  constructor(channel: Channel) {
    const { readArea } = channel.views
    this.#channel = channel
    this.#address = readArea.length - Math.min(WINDOW_BYTES, readArea.length / 4)
    this.#window = readArea.subarray(this.#address)
  }

  /** Fills `into`, waiting if it pays; false if the caller is to read by itself. */
  read(ino: Ino, into: Uint8Array, at: number): boolean {
    const isNext = this.#ends.get(ino) === at
    this.#note(ino, at + into.length)
    // A failure is reported, whatever lies here.
    if (this.#channel.hasFailed) return false
    if (this.#holds(ino, at, into.length)) return this.#take(into, at)
    if (ino !== this.#ino) this.#readsElsewhere++
    const pays = isNext && into.length <= this.#window.length / 2 && this.#isFree(ino)
    return pays && this.#fetch(ino, at) && this.#take(into, at)
  }

  /** The file's bytes or its size change. */
  changed(ino: Ino): void {
    if (ino === this.#ino) this.#ino = undefined
  }

  /** A read is about to fill so many bytes from the read area's start. */
  overwriting(length: number): void {
    if (length > this.#address) this.#ino = undefined
  }

  get #start(): number {
    return this.#end - this.#window.length
  }

  #holds(ino: Ino, at: number, length: number): boolean {
    return ino === this.#ino && at >= this.#start && at + length <= this.#end
  }

  /** Two files read by turns would each take the window from the other, for a page at a time. */
  #isFree(ino: Ino): boolean {
    if (this.#ino === undefined || ino === this.#ino) return true
    const isReadToItsEnd = this.#ends.get(this.#ino) === this.#end
    return isReadToItsEnd || this.#readsElsewhere > READS_ELSEWHERE
  }

  #fetch(ino: Ino, at: number): boolean {
    const { length } = this.#window
    this.#ino = undefined
    try {
      this.#channel.call({
        op: OP_READ,
        ino,
        at,
        place: PLACE_READ_AREA,
        address: this.#address,
        length,
      })
    } catch (error) {
      // It may be about bytes that nobody has asked for.
      if (error instanceof VfsError) return false
      throw error
    }
    this.#ino = ino
    this.#end = at + length
    return true
  }

  #take(into: Uint8Array, at: number): true {
    const start = at - this.#start
    into.set(this.#window.subarray(start, start + into.length))
    this.#readsElsewhere = 0
    return true
  }

  #note(ino: Ino, end: number): void {
    this.#ends.delete(ino)
    this.#ends.set(ino, end)
    const [oldest] = this.#ends.keys()
    if (this.#ends.size > STREAMS) this.#ends.delete(oldest!)
  }
}
