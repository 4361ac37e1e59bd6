// The I/O worker's side of the channel: takes requests in the order in which they were posted and has the
// store carry them out, one at a time. Started by serve.ts once the store is open.
//
// A request that the store answers without a promise is done without one here, too: no microtask lies
// between two writes. One that needs OPFS's asynchronous functions is awaited before the next is taken.
//
// Errors of posted requests have nobody to go to; what they come to is in failures.ts.

import { toVfsError, VfsError } from '@wasm-vfs/core/backend'
import type { IoStore } from '../io/io-store.ts'
import { encodeError } from './error-codec.ts'
import { decodeFacts } from './fact-codec.ts'
import { Failures } from './failures.ts'
import { Nap, type IdleWait } from './nap.ts'
import {
  ANSWER_FATAL,
  ANSWER_NONE,
  ANSWER_NUMBERS,
  ANSWER_TEXT_BYTES,
  ANSWER_WORD_ERRNO,
  ANSWER_WORD_TEXT_LENGTH,
  COUNTERS,
  HEARTBEAT_MS,
  NUMBER_SPACE_FREE,
  NUMBER_SPACE_TOTAL,
  OP_ACKNOWLEDGE,
  OP_BATCH_PART,
  OP_CHECK,
  OP_CLOSE,
  OP_COMMIT,
  OP_DROP,
  OP_FSYNC,
  OP_HOUSEKEEPING,
  OP_MEMORY,
  OP_PING,
  OP_READ,
  OP_RELAX,
  OP_RESERVE,
  OP_RESIZE,
  OP_STATS,
  OP_SYNC_ALL,
  OP_WRITE,
  OP_WRITE_BACK,
  OPERATIONS,
  reached,
  STATE_AWAITING,
  STATE_CLOSED,
  STATE_FAILED,
  STATE_WORKING,
  WORD_BLOCKED,
  WORD_BLOCKED_UNTIL,
  WORD_DONE,
  WORD_HEARTBEAT,
  WORD_PENDING,
  WORD_PENDING_UNTIL,
  WORD_POSTED,
  WORD_RESERVED_KIB,
  WORD_STATE,
  WORD_TAKEN,
  type SharedViews,
} from './protocol.ts'
import { Requests } from './requests.ts'

/** Joined writes are at most this long: longer ones are no faster, and free no ring space meanwhile. */
const JOINED_BYTES_MAX = 1024 * 1024
/** The store is asked for work between requests this often, if there were any. */
const HOUSEKEEPING_MS = 1000
/** A program that has asked for nothing for so long is not kept waiting by work of the store's own. */
const IDLE_MS = 300
/** After a failure of such work it is tried again. */
const RETRY_MS = 5000
/** A busy loop looks at the clock once in so many requests. */
const REQUESTS_PER_LOOK = 32

/** Gives the memory of the MemoryMessage with this id. */
export type TakeMemory = (id: number) => Promise<WebAssembly.Memory>

export class ServingLoop {
  readonly #views: SharedViews
  readonly #words: Int32Array
  readonly #requests: Requests
  readonly #store: IoStore
  readonly #takeMemory: TakeMemory
  readonly #nap: IdleWait
  // The last request that was carried out, and those that a request in hand covers.
  #done = 0
  #taken = 0
  #batch: Uint8Array[] = []
  readonly #failures: Failures
  #reservedKib = -1
  #untilLook = REQUESTS_PER_LOOK
  #worked = false
  #housekeptAt = performance.now()
  // When the store may next do work of its own; undefined if it is to be set after this request.
  #catchUpAt: number | undefined
  #closed = false

  constructor(
    views: SharedViews,
    store: IoStore,
    takeMemory: TakeMemory,
    idleWait: IdleWait = new Nap(views.words),
  ) {
    this.#views = views
    this.#words = views.words
    this.#requests = new Requests(views)
    this.#failures = new Failures(views.words)
    this.#store = store
    this.#takeMemory = takeMemory
    this.#nap = idleWait
  }

  /** Before the client is told that the store is open: what it reads without asking. */
  async prepare(): Promise<void> {
    try {
      // As much as can be posted at once, so that small writes never have to ask.
      await this.#store.reserve(this.#views.ring.length)
    } catch (error) {
      // A full store can still be read, and asks again when it is to grow.
      if (!(error instanceof VfsError) || error.code !== 'ENOSPC') throw error
    }
    await this.#housekeep()
  }

  /** Serves until CLOSE. An error of its own, which no request caused, ends it and tells the client. */
  async run(): Promise<void> {
    try {
      await this.#awaiting(this.#store.openAhead())
      while (!this.#closed) {
        const posted = this.#isPosted() || this.#nap.spin(this.#done)
        const now = posted ? 0 : performance.now()
        const work = posted ? this.#next() : this.#due(now)
        if (work !== undefined) await this.#awaiting(work)
        else if (!posted) {
          const sleep = this.#nap.sleep(this.#done, this.#wakeAt() - now)
          if (sleep !== undefined) await sleep
        }
      }
      this.#setState(STATE_CLOSED)
    } catch (error) {
      this.#answerError(ANSWER_FATAL, error, 'serve')
      this.#setState(STATE_FAILED)
    }
    Atomics.notify(this.#words, WORD_DONE)
  }

  #isPosted(): boolean {
    return Atomics.load(this.#words, WORD_POSTED) !== this.#done
  }

  #setState(state: number): void {
    Atomics.store(this.#words, WORD_STATE, state)
  }

  /** The event loop turns while a promise is awaited, so a timer can show that this thread is alive. */
  async #awaiting(work: Promise<void>): Promise<void> {
    this.#setState(STATE_AWAITING)
    const timer = setInterval(() => Atomics.add(this.#words, WORD_HEARTBEAT, 1), HEARTBEAT_MS)
    try {
      await work
    } finally {
      clearInterval(timer)
      Atomics.add(this.#words, WORD_HEARTBEAT, 1)
      this.#setState(STATE_WORKING)
    }
  }

  // ---- One request.

  #next(): Promise<void> | undefined {
    this.#worked = true
    this.#catchUpAt = undefined
    if (--this.#untilLook <= 0) {
      this.#untilLook = REQUESTS_PER_LOOK
      const tick = this.#tickIfDue(performance.now())
      if (tick !== undefined) return tick
    }
    const number = (this.#done + 1) | 0
    if (!this.#requests.claim(number)) return this.#abandon()
    this.#taken = number
    const op = this.#requests.op(number)
    Atomics.store(this.#words, WORD_TAKEN, number)
    try {
      const work = this.#perform(op, number)
      if (work instanceof Promise) return this.#finishLater(op, number, work)
      this.#succeeded(op, number, work)
    } catch (error) {
      this.#failedWith(op, number, error)
    }
    return undefined
  }

  async #finishLater(op: number, number: number, work: Promise<number | void>): Promise<void> {
    try {
      this.#succeeded(op, number, await work)
    } catch (error) {
      this.#failedWith(op, number, error)
    }
  }

  /** What it returns, or its promise, is the answer's number. */
  #perform(op: number, number: number): number | void | Promise<number | void> {
    const requests = this.#requests
    const store = this.#store
    const failures = this.#failures
    switch (op) {
      case OP_WRITE: {
        failures.checkInode(requests.ino(number))
        const length = this.#join(number)
        const bytes = requests.bytes(number, length)
        return store.write(requests.ino(number), bytes, requests.at(number), requests.size(number))
      }
      case OP_READ:
        failures.checkInode(requests.ino(number))
        return store.read(requests.ino(number), requests.bytes(number), requests.at(number))
      case OP_RESIZE:
        failures.checkInode(requests.ino(number))
        return store.resize(requests.ino(number), requests.size(number), requests.at(number))
      case OP_DROP:
        return store.drop(requests.ino(number))
      case OP_FSYNC:
        failures.check()
        return store.fsync(requests.ino(number))
      case OP_RESERVE:
        return store.reserve(requests.at(number), requests.ino(number), requests.size(number))
      case OP_BATCH_PART:
        this.#batch.push(requests.bytes(number).slice())
        return undefined
      case OP_COMMIT:
        return this.#commit(number)
      case OP_ACKNOWLEDGE:
        failures.check()
        return store.acknowledge()
      case OP_WRITE_BACK:
        return store.writeBack()
      case OP_CHECK:
        return this.#check(requests.ino(number))
      case OP_SYNC_ALL:
        failures.check()
        return store.syncAll()
      case OP_HOUSEKEEPING:
        failures.check()
        return this.#housekeep()
      case OP_RELAX:
        return store.relaxDurability()
      case OP_MEMORY:
        return this.#takeMemory(requests.at(number)).then((memory) =>
          this.#requests.memories.push(memory),
        )
      case OP_CLOSE:
        return this.#close(requests.flag(number))
      case OP_STATS:
      case OP_PING:
        return undefined
      default:
        throw new TypeError(`there is no request ${op}`)
    }
  }

  /** Takes the posted writes that continue this one, too; returns the length of all. */
  #join(number: number): number {
    const requests = this.#requests
    let length = requests.length(number)
    if (requests.answer(number) !== ANSWER_NONE) return length
    const last = Atomics.load(this.#words, WORD_POSTED)
    while (this.#taken !== last) {
      const next = (this.#taken + 1) | 0
      if (!requests.continues(number, length, next)) break
      const longer = length + requests.length(next)
      if (longer > JOINED_BYTES_MAX || !requests.claim(next)) break
      length = longer
      this.#taken = next
    }
    return length
  }

  #commit(number: number): void | Promise<void> {
    const parts = this.#batch
    this.#batch = []
    // Also when it is the commit that fails: what comes with it must not get into the next batch.
    if (this.#requests.length(number) > 0) parts.push(this.#requests.bytes(number))
    this.#failures.check()
    const facts = parts.length === 1 ? decodeFacts(parts[0]!) : decodeFacts(concatenate(parts))
    return this.#store.commit(facts, this.#requests.flag(number))
  }

  async #close(clean: boolean): Promise<void> {
    this.#closed = true
    await this.#store.close(clean && this.#failures.first === undefined)
    this.#failures.check()
  }

  /** The client has cancelled a request, and asks for nothing any more. */
  async #abandon(): Promise<void> {
    this.#closed = true
    await this.#store.close(false)
  }

  #check(ino: number): void {
    if (ino === 0) this.#failures.check()
    else this.#failures.checkInode(ino)
  }

  // ---- Its end.

  #succeeded(op: number, number: number, result: number | void): void {
    const answer = this.#requests.answer(number)
    if (answer !== ANSWER_NONE) {
      const { words, numbers } = this.#views.answers[answer]!
      words[ANSWER_WORD_ERRNO] = 0
      if (op === OP_STATS) this.#answerStats(numbers)
      else numbers[ANSWER_NUMBERS] = result ?? 0
    }
    if (op === OP_WRITE || op === OP_RESIZE || op === OP_RESERVE) this.#publishReservation()
    this.#publishDone()
  }

  #failedWith(op: number, number: number, error: unknown): void {
    const operation = OPERATIONS[op] ?? 'serve'
    const answer = this.#requests.answer(number)
    if (answer !== ANSWER_NONE) this.#answerError(answer, error, operation)
    else if (op === OP_WRITE || op === OP_RESIZE)
      this.#failures.posted(toVfsError(error, operation), this.#requests.ino(number))
    // What was to be written back is still pending, in the hands of the next fsync or commit.
    else if (op !== OP_WRITE_BACK || !(error instanceof VfsError))
      this.#failures.posted(toVfsError(error, operation), undefined)
    this.#noteFailure()
    this.#publishDone()
  }

  /** A call that fails may have failed for a flush that had been put off, which others rely on. */
  #noteFailure(): void {
    const { failure } = this.#store
    if (failure !== undefined) this.#failures.promised(failure)
  }

  #answerError(answer: number, error: unknown, operation: string): void {
    const { words, text } = this.#views.answers[answer]!
    const encoded = encodeError(error, operation)
    const bytes = new TextEncoder().encode(encoded.text)
    const fits = bytes.length <= ANSWER_TEXT_BYTES
    words[ANSWER_WORD_ERRNO] = encoded.errno
    words[ANSWER_WORD_TEXT_LENGTH] = fits ? bytes.length : 0
    if (fits) text.set(bytes)
  }

  #answerStats(numbers: Float64Array): void {
    const stats = this.#store.stats()
    for (const [index, name] of COUNTERS.entries()) {
      numbers[ANSWER_NUMBERS + index] = stats[name] ?? Number.NaN
    }
  }

  /** Before the request counts as done, so that growth that is done is never counted in neither. */
  #publishReservation(): void {
    const reserved = this.#store.reserve(0)
    if (typeof reserved !== 'number') throw new TypeError('reserve(0) must not return a promise')
    const kib = Math.min(Math.floor(reserved / 1024), 0x7fff_ffff)
    if (kib === this.#reservedKib) return
    this.#reservedKib = kib
    Atomics.store(this.#words, WORD_RESERVED_KIB, kib)
  }

  #publishDone(): void {
    const words = this.#words
    this.#done = this.#taken
    Atomics.store(words, WORD_DONE, this.#done)
    const blocked =
      Atomics.load(words, WORD_BLOCKED) !== 0 &&
      reached(this.#done, Atomics.load(words, WORD_BLOCKED_UNTIL))
    const pending =
      Atomics.load(words, WORD_PENDING) !== 0 &&
      reached(this.#done, Atomics.load(words, WORD_PENDING_UNTIL))
    if (blocked || pending) Atomics.notify(words, WORD_DONE)
  }

  // ---- Between requests.

  /** Does what the store wants done by `now`, if anything. */
  #due(now: number): Promise<void> | undefined {
    const tick = this.#tickIfDue(now)
    if (tick !== undefined) return tick
    if (this.#housekeepingAt() <= now) return this.#guarded(this.#housekeep())
    if (!this.#store.isBehind) return undefined
    this.#catchUpAt ??= now + IDLE_MS
    return this.#catchUpAt <= now ? this.#catchUp() : undefined
  }

  async #catchUp(): Promise<void> {
    try {
      await this.#store.catchUp()
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      // As a rule it concerns nothing that was promised: what is not in the files is in the journal. Whoever
      // closes the store is told if it fails then.
      this.#noteFailure()
      this.#catchUpAt = performance.now() + RETRY_MS
    }
  }

  /** When something is due next. */
  #wakeAt(): number {
    const catchUpAt = this.#store.isBehind ? (this.#catchUpAt ?? 0) : Infinity
    return Math.min(this.#store.nextDeadline() ?? Infinity, this.#housekeepingAt(), catchUpAt)
  }

  #housekeepingAt(): number {
    return this.#worked ? this.#housekeptAt + HOUSEKEEPING_MS : Infinity
  }

  #tickIfDue(now: number): Promise<void> | undefined {
    const due = this.#store.nextDeadline()
    if (due === undefined || due > now) return undefined
    try {
      const work = this.#store.tick()
      return work === undefined ? undefined : this.#guarded(work)
    } catch (error) {
      this.#failedUnasked(error)
      return undefined
    }
  }

  async #guarded(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#failedUnasked(error)
    }
  }

  /** What the store does unasked is part of what it has promised before. */
  #failedUnasked(error: unknown): void {
    this.#failures.promised(toVfsError(error, 'sync'))
  }

  async #housekeep(): Promise<void> {
    this.#worked = false
    this.#housekeptAt = performance.now()
    const { total, free } = await this.#store.housekeeping()
    this.#views.numbers[NUMBER_SPACE_TOTAL] = total
    this.#views.numbers[NUMBER_SPACE_FREE] = free
    this.#publishReservation()
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
