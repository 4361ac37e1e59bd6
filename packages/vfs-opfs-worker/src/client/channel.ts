// The client's side of the channel: posts requests, waits for answers, and knows when the I/O worker is
// dead. Called by the content store, the metadata store and open.ts, all in the program's thread.
//
// What is posted returns at once: its bytes are copied into the data ring, and the worker carries it out
// while the program goes on. A full ring, and only that, makes it wait. Once the worker is found dead,
// every call throws the same error at once; the store must then be reopened.
//
// A worker that is late is dead to the client, too: what it has not claimed is cancelled, and it never touches
// that. A request that it has claimed and that works on the program's own memory cannot be taken back: the
// worker is ended, but until it has ended it may still fill a buffer that the program has used for something
// else, or store what is in it then. The error says that the program is to be ended, as after a PANIC.

import { VfsError, type Ino, type SpaceStatistics, type VfsCounters } from '@wasm-vfs/core/backend'
import { decodeError } from '../channel/error-codec.ts'
import {
  ANSWER_BLOCKED,
  ANSWER_FATAL,
  ANSWER_NONE,
  ANSWER_NUMBERS,
  ANSWER_PENDING,
  ANSWER_WORD_ERRNO,
  ANSWER_WORD_TEXT_LENGTH,
  CLAIM_CANCELLED,
  CLAIM_NONE,
  CLAIM_TAKEN,
  claimIndexOf,
  COUNTERS,
  NUMBER_SPACE_FREE,
  NUMBER_SPACE_TOTAL,
  OP_CLOSE,
  OP_STATS,
  PLACE_MEMORY,
  PLACE_NONE,
  reached,
  RECORD_ADDRESS,
  RECORD_ANSWER,
  RECORD_AT,
  RECORD_CLAIM,
  RECORD_FLAG,
  RECORD_INO,
  RECORD_LENGTH,
  RECORD_NUMBERS,
  RECORD_OP,
  RECORD_PLACE,
  RECORD_SIZE,
  RECORD_WORDS,
  RECORDS,
  slotOf,
  STATE_ASLEEP,
  STATE_FAILED,
  WORD_BLOCKED,
  WORD_BLOCKED_UNTIL,
  WORD_DONE,
  WORD_FAILURES,
  WORD_PENDING,
  WORD_PENDING_UNTIL,
  WORD_POSTED,
  WORD_RESERVED_KIB,
  WORD_STATE,
  type AnswerBlock,
  type SharedViews,
  type ToWorker,
} from '../channel/protocol.ts'
import { nativeWaitAsync, Spinner, waitAsync, type Wait } from '../channel/wait.ts'
import { DataRing } from './data-ring.ts'
import type { IoThread } from './io-thread.ts'
import { Patience, sliceMs } from './patience.ts'

/** What a request says; what is absent is 0. */
export interface Request {
  readonly op: number
  readonly ino?: Ino
  readonly at?: number
  readonly size?: number
  readonly place?: number
  readonly address?: number
  readonly length?: number
  readonly flag?: boolean
  /** Bytes by which a file grows. */
  readonly growth?: number
}

export interface ChannelCounters {
  /** Waits for the worker. */
  roundTrips: number
  /** Bytes of content copied in this thread. */
  bytesCopied: number
}

export interface ChannelOptions {
  readonly deadlineMs: number
  /** For tests: how to wait without blocking where there is no Atomics.waitAsync. */
  readonly waitAsync?: typeof nativeWaitAsync
  /** For tests: how to block where both sides are in one thread. Spinning is of no use there. */
  readonly wait?: Wait
}

/**
 * Before blocking: as long as a small write and its flush take. A thread that has slept is woken late, by 70 µs
 * on a virtual machine, and comes back to cold caches.
 */
const SPIN_MS = 0.5
/** Of a claimed request that works on the program's memory. */
const HEAP_IN_DOUBT =
  "the request works on the program's own memory, and may do so until the worker has ended: end the program, " +
  'and rely neither on its memory nor on what it writes'
/** Waiting for room is waiting for no request in particular. */
const NO_OP = 0

export class Channel {
  readonly views: SharedViews
  readonly counters: ChannelCounters = { roundTrips: 0, bytesCopied: 0 }
  readonly #words: Int32Array
  readonly #thread: IoThread
  readonly #listening = new AbortController()
  readonly #deadlineMs: number
  readonly #sliceMs: number
  readonly #native: typeof nativeWaitAsync
  readonly #wait: Wait
  readonly #spinMs: number
  readonly #ring: DataRing
  // Of each request posted and not yet reaped, by slot: the ring's head behind it, and its growth.
  readonly #ringEnds = new Float64Array(RECORDS)
  readonly #growths = new Float64Array(RECORDS)
  readonly #spinners: Spinner[] = []
  #posted = 0
  #reaped = 0
  #growth = 0
  #dead: VfsError | undefined
  #closed = false
  // Answers are waited for in one place, so one call without blocking is under way at a time.
  #pending: Promise<unknown> = Promise.resolve()
  #inLine = 0
  #lastStats: VfsCounters = {}

  constructor(views: SharedViews, thread: IoThread, options: ChannelOptions) {
    this.views = views
    this.#words = views.words
    this.#thread = thread
    this.#deadlineMs = options.deadlineMs
    this.#sliceMs = sliceMs(options.deadlineMs)
    this.#native = 'waitAsync' in options ? options.waitAsync : nativeWaitAsync
    this.#wait =
      options.wait ?? ((words, index, value, ms) => Atomics.wait(words, index, value, ms))
    this.#spinMs = options.wait === undefined ? SPIN_MS : 0
    this.#ring = new DataRing(views.ring.length)
    const failed = (text: string): void => void this.#die(`it has failed: ${text}`)
    thread.listen({ failed }, this.#listening.signal)
  }

  // ---- What needs no request.

  /** It was ended, or found dead. */
  get isDead(): boolean {
    return this.#dead !== undefined
  }

  /** CLOSE was sent: whatever came of it, the serving loop ends. */
  get isClosed(): boolean {
    return this.#closed
  }

  /**
   * Something has failed whose call had returned, or the worker is dead: also what has nothing to do must ask,
   * and is told.
   */
  get hasFailed(): boolean {
    return this.#dead !== undefined || Atomics.load(this.#words, WORD_FAILURES) !== 0
  }

  /** Throws if the worker has been found dead. */
  checkAlive(): void {
    if (this.#dead !== undefined) throw this.#dead
  }

  get space(): SpaceStatistics {
    const { numbers } = this.views
    return { total: numbers[NUMBER_SPACE_TOTAL]!, free: numbers[NUMBER_SPACE_FREE]! }
  }

  /** The number of the last request, by which a later answer can be told from an earlier one. */
  get posted(): number {
    return this.#posted
  }

  /** Whether `growth` more bytes are sure to find space, with all that is posted and not carried out. */
  isReserved(growth: number): boolean {
    this.#reap()
    const reserved = Atomics.load(this.#words, WORD_RESERVED_KIB) * 1024
    return this.#growth + growth <= reserved
  }

  // ---- Requests.

  /** Room for `length` bytes in the data ring, at most half of it; fill it, then post the request. */
  makeRoom(length: number): number {
    this.checkAlive()
    this.#reap()
    if (this.#reaped === this.#posted) this.#ring.restart()
    for (;;) {
      const at = this.#ring.take(length)
      if (at !== -1) return at
      this.#awaitRoom()
    }
  }

  /** Nobody waits for the answer; an error of it comes out of the next fsync or sync. */
  post(request: Request): void {
    this.#send(request, ANSWER_NONE)
  }

  /** Blocks until the request is done; returns the answer's number. */
  call(request: Request): number {
    const number = this.#send(request, ANSWER_BLOCKED)
    this.#block(number, request.op)
    return this.#answer(ANSWER_BLOCKED).numbers[ANSWER_NUMBERS]!
  }

  /** Another call that does not block is under way, or waits for its turn. */
  get isPending(): boolean {
    return this.#inLine > 0
  }

  /**
   * As `call`, without blocking the event loop. It is sent before this returns, unless another one is
   * under way: several at once are sent one after another.
   */
  callAsync(request: Request): Promise<number> {
    const answered = this.#callInTurn(request)
    // The caller gets the rejection; the queue only needs to know that the answer is there.
    this.#pending = answered.catch(() => {})
    return answered
  }

  async #callInTurn(request: Request): Promise<number> {
    const isFirst = this.#inLine++ === 0
    try {
      if (!isFirst) await this.#pending
      await this.#pend(this.#send(request, ANSWER_PENDING))
      return this.#answer(ANSWER_PENDING).numbers[ANSWER_NUMBERS]!
    } finally {
      this.#inLine--
    }
  }

  postMessage(message: ToWorker): void {
    this.checkAlive()
    this.#thread.post(message)
  }

  /** The store's counters and this thread's; after its end the last ones that were read. */
  stats(): VfsCounters {
    if (this.#dead !== undefined) return { ...this.#lastStats }
    const { roundTrips, bytesCopied } = this.counters
    try {
      this.call({ op: OP_STATS })
    } catch (error) {
      if (this.#dead === undefined) throw error
      return { ...this.#lastStats }
    }
    // Asking is not part of what is asked for.
    this.counters.roundTrips = roundTrips
    const { numbers } = this.views.answers[ANSWER_BLOCKED]!
    const stats: VfsCounters = {}
    for (const [index, name] of COUNTERS.entries()) {
      const value = numbers[ANSWER_NUMBERS + index]!
      if (!Number.isNaN(value)) stats[name] = value
    }
    stats.roundTrips = roundTrips
    stats.bytesCopied = bytesCopied + (stats.bytesCopied ?? 0)
    this.#lastStats = stats
    return { ...stats }
  }

  /** Later calls throw `reason`. */
  end(reason: VfsError): void {
    this.#dead ??= reason
    this.#listening.abort()
  }

  // ---- Sending.

  #send(request: Request, answer: number): number {
    this.checkAlive()
    while (((this.#posted - this.#reaped) | 0) >= RECORDS) {
      this.#reap()
      if (((this.#posted - this.#reaped) | 0) >= RECORDS) this.#awaitRoom()
    }
    const number = (this.#posted + 1) | 0
    const slot = slotOf(number)
    const { recordWords, recordNumbers } = this.views
    const word = slot * RECORD_WORDS
    const float = slot * RECORD_NUMBERS
    const { growth = 0 } = request
    recordWords[word + RECORD_OP] = request.op
    recordWords[word + RECORD_PLACE] = request.place ?? PLACE_NONE
    recordWords[word + RECORD_LENGTH] = request.length ?? 0
    recordWords[word + RECORD_FLAG] = request.flag === true ? 1 : 0
    recordWords[word + RECORD_ANSWER] = answer
    recordWords[word + RECORD_CLAIM] = CLAIM_NONE
    recordNumbers[float + RECORD_INO] = request.ino ?? 0
    recordNumbers[float + RECORD_AT] = request.at ?? 0
    recordNumbers[float + RECORD_SIZE] = request.size ?? 0
    recordNumbers[float + RECORD_ADDRESS] = request.address ?? 0
    this.#ringEnds[slot] = this.#ring.head
    this.#growths[slot] = growth
    this.#growth += growth
    this.#posted = number
    if (request.op === OP_CLOSE) this.#closed = true
    Atomics.store(this.#words, WORD_POSTED, number)
    // A worker that goes to sleep says so before it looks at what is posted for the last time.
    if (Atomics.load(this.#words, WORD_STATE) === STATE_ASLEEP) this.#wake()
    return number
  }

  #wake(): void {
    Atomics.notify(this.#words, WORD_POSTED)
  }

  /** Takes note of what has been carried out. */
  #reap(): void {
    const done = Atomics.load(this.#words, WORD_DONE)
    if (done === this.#reaped) return
    while (this.#reaped !== done) {
      this.#reaped = (this.#reaped + 1) | 0
      this.#growth -= this.#growths[slotOf(this.#reaped)]!
    }
    this.#ring.freeTo(this.#ringEnds[slotOf(done)]!)
  }

  /** Until a quarter of what is under way is done: waking for each request would cost more than it frees. */
  #awaitRoom(): void {
    const underWay = (this.#posted - this.#reaped) | 0
    this.#block((this.#reaped + Math.max(1, underWay >> 2)) | 0, NO_OP)
    this.#reap()
  }

  // ---- Waiting.

  #isDone(number: number): boolean {
    return reached(Atomics.load(this.#words, WORD_DONE), number)
  }

  #block(number: number, op: number): void {
    const words = this.#words
    this.counters.roundTrips++
    // Each kind of request takes its own time.
    const spinner = (this.#spinners[op] ??= new Spinner(words, WORD_DONE, this.#spinMs))
    if (spinner.spin((done) => reached(done, number))) return
    Atomics.store(words, WORD_BLOCKED_UNTIL, number)
    Atomics.store(words, WORD_BLOCKED, 1)
    let patience: Patience | undefined
    for (;;) {
      const done = Atomics.load(words, WORD_DONE)
      if (reached(done, number)) break
      this.#checkState()
      if (this.#wait(words, WORD_DONE, done, this.#sliceMs) === 'timed-out') {
        patience = this.#lessPatience(patience, number)
      }
    }
    Atomics.store(words, WORD_BLOCKED, 0)
    spinner.woke()
  }

  async #pend(number: number): Promise<void> {
    const words = this.#words
    this.counters.roundTrips++
    Atomics.store(words, WORD_PENDING_UNTIL, number)
    Atomics.store(words, WORD_PENDING, 1)
    let patience: Patience | undefined
    while (!this.#isDone(number)) {
      this.checkAlive()
      this.#checkState()
      const began = performance.now()
      await waitAsync(words, WORD_DONE, Atomics.load(words, WORD_DONE), this.#sliceMs, this.#native)
      if (performance.now() - began >= this.#sliceMs)
        patience = this.#lessPatience(patience, number)
    }
    Atomics.store(words, WORD_PENDING, 0)
  }

  #checkState(): void {
    if (Atomics.load(this.#words, WORD_STATE) !== STATE_FAILED) return
    const { words } = this.views.answers[ANSWER_FATAL]!
    const said = this.#errorIn(words[ANSWER_WORD_ERRNO]!, this.views.answers[ANSWER_FATAL]!)
    throw this.#die(`its loop has ended: ${said.message}`, said)
  }

  /** A slice has passed without an answer. */
  #lessPatience(patience: Patience | undefined, number: number): Patience {
    // Harmless if it was awake.
    this.#wake()
    if (patience === undefined) return new Patience(this.views, this.#deadlineMs)
    const reason = patience.exhausted()
    if (reason === undefined) return patience
    // Before it is asked what the worker has claimed.
    this.#cancel()
    throw this.#die(this.#isOnMemory(number) ? `${reason}; ${HEAP_IN_DOUBT}` : reason)
  }

  #answer(block: number): AnswerBlock {
    this.#reap()
    const answer = this.views.answers[block]!
    const errno = answer.words[ANSWER_WORD_ERRNO]!
    if (errno !== 0) throw this.#errorIn(errno, answer)
    return answer
  }

  #errorIn(errno: number, { words, text }: AnswerBlock): VfsError {
    const length = words[ANSWER_WORD_TEXT_LENGTH]!
    // A decoder refuses views of shared memory.
    const json = new TextDecoder().decode(text.slice(0, length))
    return decodeError({ errno, text: json || '{"operation":"serve"}' })
  }

  // ---- The worker's death.

  /**
   * Cancels what the worker has not claimed, from the last request back. It claims them in order, so what it
   * carries out is what the program asked for up to some request, without a gap.
   */
  #cancel(): void {
    const done = Atomics.load(this.#words, WORD_DONE)
    for (let number = this.#posted; !reached(done, number); number = (number - 1) | 0) {
      const index = claimIndexOf(number)
      const { recordWords } = this.views
      const claim = Atomics.compareExchange(recordWords, index, CLAIM_NONE, CLAIM_CANCELLED)
      if (claim === CLAIM_TAKEN) return
    }
  }

  /** The worker has claimed this request, and works on memory of the program's. */
  #isOnMemory(number: number): boolean {
    const { recordWords } = this.views
    const place = recordWords[slotOf(number) * RECORD_WORDS + RECORD_PLACE]!
    return place >= PLACE_MEMORY && Atomics.load(recordWords, claimIndexOf(number)) === CLAIM_TAKEN
  }

  #die(reason: string, cause?: unknown): VfsError {
    this.#cancel()

    this.end(
      new VfsError('EIO', 'channel', {
        detail: `the I/O worker is gone, and the store must be reopened; ${reason}`,
        cause,
      }),
    )
    // Should it be alive after all, it does not go on with what nobody knows of any more.
    this.#thread.end()
    Atomics.notify(this.#words, WORD_DONE)
    return this.#dead!
  }
}
