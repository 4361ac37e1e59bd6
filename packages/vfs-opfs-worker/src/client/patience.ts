// How long a wait for the I/O worker may take. A waiter wakes at least every slice and asks `exhausted`:
// a worker that does its work, however long the queue, is waited for; one that has died is not.
//
// Time is counted in slices that passed, not by the clock: a computer that slept for an hour has let one
// slice pass, and nobody has died of it.

import {
  OPERATIONS,
  RECORD_OP,
  RECORD_WORDS,
  slotOf,
  STATE_ASLEEP,
  STATE_AWAITING,
  WORD_DONE,
  WORD_HEARTBEAT,
  WORD_STATE,
  WORD_TAKEN,
  type SharedViews,
} from '../channel/protocol.ts'

const SLICE_MS = 500
/** A worker that sleeps wakes within microseconds. After this long without a sign it is dead. */
const SILENCE_ASLEEP_MS = 2_500
/**
 * One that awaits a promise moves its heartbeat twice a second, but its timers stand behind all that the
 * browser has for it: Firefox let none run for 2.5 seconds while it made a thousand files on a machine
 * with ten times more to do than it had cores.
 */
const SILENCE_AWAITING_MS = 15_000
/** A worker whose heartbeat goes on may take this many deadlines for one request, or for the open. */
export const DEADLINES_ALIVE = 10

/** A waiter looks at least this often. */
export function sliceMs(deadlineMs: number): number {
  return Math.min(SLICE_MS, deadlineMs / 4)
}

/** Begins when a first slice has passed. */
export class Patience {
  readonly #sliceMs: number
  readonly #views: SharedViews
  readonly #deadlineMs: number
  #done: number
  #signs: number
  #withoutProgressMs: number
  #withoutSignMs: number

  constructor(views: SharedViews, deadlineMs: number) {
    this.#views = views
    this.#deadlineMs = deadlineMs
    this.#sliceMs = sliceMs(deadlineMs)
    this.#done = this.#word(WORD_DONE)
    this.#signs = this.#countSigns()
    this.#withoutProgressMs = this.#sliceMs
    this.#withoutSignMs = this.#sliceMs
  }

  /** After a slice without an answer: why there is no use in waiting on, if there is none. */
  exhausted(): string | undefined {
    const done = this.#word(WORD_DONE)
    const signs = this.#countSigns()
    this.#withoutProgressMs = done === this.#done ? this.#withoutProgressMs + this.#sliceMs : 0
    this.#withoutSignMs = signs === this.#signs ? this.#withoutSignMs + this.#sliceMs : 0
    this.#done = done
    this.#signs = signs
    const state = this.#word(WORD_STATE)
    const silence = silenceMax(state)
    if (silence !== undefined && this.#withoutSignMs >= Math.min(silence, this.#deadlineMs)) {
      return `it has given no sign of life for ${this.#withoutSignMs} ms: it was terminated or has crashed`
    }
    const longest = state === STATE_AWAITING ? DEADLINES_ALIVE * this.#deadlineMs : this.#deadlineMs
    if (this.#withoutProgressMs < longest) return undefined
    return `it has not finished a request (${this.#underWay}) within ${this.#withoutProgressMs} ms`
  }

  /** What the worker is at, or should be. */
  get #underWay(): string {
    const op = this.#views.recordWords[slotOf(this.#done + 1) * RECORD_WORDS + RECORD_OP]!
    return OPERATIONS[op] ?? 'unknown'
  }

  #countSigns(): number {
    return (this.#word(WORD_HEARTBEAT) + this.#word(WORD_TAKEN)) | 0
  }

  #word(index: number): number {
    return Atomics.load(this.#views.words, index)
  }
}

/** In the midst of synchronous work there is no sign but its end. */
function silenceMax(state: number): number | undefined {
  if (state === STATE_ASLEEP) return SILENCE_ASLEEP_MS
  return state === STATE_AWAITING ? SILENCE_AWAITING_MS : undefined
}
