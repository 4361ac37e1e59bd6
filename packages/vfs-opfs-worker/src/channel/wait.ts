// Waiting for a word of shared memory to change: spinning, and without blocking. Used by both sides.

/** Loads between two looks at the clock. */
const SPINS_PER_LOOK = 16

type Pause = (iterations?: number) => void
// Newer than the type library: tells the core that this is a spin loop.
const pause: Pause = (Atomics as { pause?: Pause }).pause?.bind(Atomics) ?? (() => {})

/** A long wait is blocked for so many times what spinning takes: a short one looks longer by the time that waking takes. */
const LONG = 2
/** What comes so soon after a spin in vain waited for this very core: a thread on another one cannot be woken so fast. */
const AT_ONCE_MS = 0.04
/** Where threads share a core, so many waits at most go by before spinning is tried again. */
const SKIPPED_MAX = 255

/**
 * Spins where that is of use. It is not if the other thread takes its time: after a long wait it is left out
 * until a wait was short. And it does harm if the two share a core, for then the other one cannot even begin
 * (measured: 1 µs for a round trip of two threads that spin on two cores, 70 µs on one, 8 µs without
 * spinning): what was waited for then comes as soon as this thread blocks, and each time that happens twice as
 * many waits go by before the next attempt.
 */
export class Spinner {
  readonly #words: Int32Array
  readonly #index: number
  readonly #ms: number
  #expectsLong = false
  #skipped = 0
  #toSkip = 0
  // Of the wait that is under way: when spinning ended, if it was tried, and without it when it began.
  #inVain = false
  #blockedAt = 0

  /** `ms` is the longest that a spin takes. */
  constructor(words: Int32Array, index: number, ms: number) {
    this.#words = words
    this.#index = index
    this.#ms = ms
  }

  /** Whether the word came to satisfy `isReached` within a moment. If not: block, and then call `woke`. */
  spin(isReached: (value: number) => boolean): boolean {
    if (isReached(Atomics.load(this.#words, this.#index))) return true
    this.#inVain = !this.#expectsLong && this.#toSkip === 0
    if (this.#inVain && this.#spin(isReached)) {
      this.#skipped = 0
      return true
    }
    this.#blockedAt = performance.now()
    return false
  }

  woke(): void {
    const blockedMs = performance.now() - this.#blockedAt
    this.#expectsLong = blockedMs >= LONG * this.#ms
    if (this.#inVain && blockedMs < AT_ONCE_MS) {
      this.#skipped = Math.min(2 * this.#skipped + 1, SKIPPED_MAX)
      this.#toSkip = this.#skipped
    } else if (this.#toSkip > 0) this.#toSkip--
  }

  #spin(isReached: (value: number) => boolean): boolean {
    const end = performance.now() + this.#ms
    do {
      for (let spin = 0; spin < SPINS_PER_LOOK; spin++) {
        if (isReached(Atomics.load(this.#words, this.#index))) return true
        pause()
      }
    } while (performance.now() < end)
    return false
  }
}

type Outcome = 'ok' | 'not-equal' | 'timed-out'

/** `Atomics.wait`, or what a test that has both sides in one thread puts in its place. */
export type Wait = (words: Int32Array, index: number, value: number, ms: number) => Outcome

type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
  ms?: number,
) =>
  | { readonly async: false; readonly value: Outcome }
  | { readonly async: true; readonly value: Promise<Outcome> }

/** `Atomics.waitAsync`, newer than the type library and than some browsers. */
export const nativeWaitAsync: WaitAsync | undefined = (
  Atomics as { waitAsync?: WaitAsync }
).waitAsync?.bind(Atomics)

/** Where there is no waitAsync: the first and the longest pause between two looks. */
const POLL_MS_MIN = 1
const POLL_MS_MAX = 16

/**
 * Waits, without blocking the event loop, until the word is not `value` and somebody notifies, or for
 * `ms`. May return early.
 */
export async function waitAsync(
  words: Int32Array,
  index: number,
  value: number,
  ms: number,
  native: WaitAsync | undefined = nativeWaitAsync,
): Promise<void> {
  if (native !== undefined) {
    await native(words, index, value, ms).value
    return
  }
  let pauseMs = POLL_MS_MIN
  for (let waited = 0; waited < ms && Atomics.load(words, index) === value; waited += pauseMs) {
    pauseMs = Math.min(2 * pauseMs, POLL_MS_MAX)
    await new Promise<void>((resolve) => setTimeout(resolve, pauseMs))
  }
}
