// How the I/O worker waits for the next request: it spins for a moment, because a program often asks
// again at once; then it blocks, which costs nothing and wakes fast; after a while it waits without
// blocking, so that an idle worker's event loop turns and the browser can end it without force.

import { STATE_ASLEEP, STATE_WORKING, WORD_HEARTBEAT, WORD_POSTED, WORD_STATE } from './protocol.ts'
import { nativeWaitAsync, Spinner, waitAsync } from './wait.ts'

/** Long enough to catch the next commit of a program that makes one after another. */
const SPIN_MS = 0.3
/** The longest this thread is blocked at a time, and so the longest its end can be put off. */
const BLOCK_MS = 200

/** How the serving loop waits; a test that has both sides in one thread has its own. */
export interface IdleWait {
  /** Whether something was posted beyond request `last` within a moment. */
  spin(last: number): boolean
  /** Returns when something is posted beyond `last`, or after `ms`, or now and then for nothing. */
  sleep(last: number, ms: number): Promise<void> | undefined
}

export class Nap implements IdleWait {
  readonly #words: Int32Array
  readonly #spinner: Spinner
  /** Nothing came while blocked. */
  #idle = false

  constructor(words: Int32Array) {
    this.#words = words
    this.#spinner = new Spinner(words, WORD_POSTED, SPIN_MS)
  }

  spin(last: number): boolean {
    if (this.#idle) return Atomics.load(this.#words, WORD_POSTED) !== last
    return this.#spinner.spin((posted) => posted !== last)
  }

  sleep(last: number, ms: number): Promise<void> | undefined {
    const words = this.#words
    const longest = Math.max(ms, 0)
    // The client posts, then looks at the state; this stores the state, then looks at what is posted
    // (as part of the wait). One of the two sees the other.
    Atomics.store(words, WORD_STATE, STATE_ASLEEP)
    if (this.#idle) return this.#sleepDeeply(last, longest)
    const outcome = Atomics.wait(words, WORD_POSTED, last, Math.min(longest, BLOCK_MS))
    this.#spinner.woke()
    this.#woke()
    if (outcome !== 'timed-out' || longest <= BLOCK_MS) return undefined
    if (nativeWaitAsync !== undefined) {
      this.#idle = true
      return undefined
    }
    // Polling would wake too late; this gives the event loop a turn between two blocks.
    return new Promise((resolve) => setTimeout(resolve, 0))
  }

  async #sleepDeeply(last: number, ms: number): Promise<void> {
    await waitAsync(this.#words, WORD_POSTED, last, ms)
    this.#idle = Atomics.load(this.#words, WORD_POSTED) === last
    this.#woke()
  }

  #woke(): void {
    Atomics.add(this.#words, WORD_HEARTBEAT, 1)
    Atomics.store(this.#words, WORD_STATE, STATE_WORKING)
  }
}
