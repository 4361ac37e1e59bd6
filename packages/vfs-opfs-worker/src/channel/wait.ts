// Waiting for a word of shared memory to change: spinning, and without blocking. Used by both sides.

/** Loads between two looks at the clock. */
const SPINS_PER_LOOK = 16

type Pause = (iterations?: number) => void
// Newer than the type library: tells the core that this is a spin loop.
const pause: Pause = (Atomics as { pause?: Pause }).pause?.bind(Atomics) ?? (() => {})

/** After so many spins in vain, the next one is tried after as many waits again. */
const SKIPPED_MAX = 255

/**
 * Spins where that has lately been of use. It is not if the other thread takes its time, and it does harm
 * if the two share a core: then the other one cannot even begin (measured: 1 µs for a round trip of two
 * threads that spin on two cores, 70 µs on one, 8 µs without spinning).
 */
export class Spinner {
  readonly #words: Int32Array
  readonly #index: number
  readonly #ms: number
  #skipped = 0
  #toSkip = 0

  constructor(words: Int32Array, index: number, ms: number) {
    this.#words = words
    this.#index = index
    this.#ms = ms
  }

  /** Whether the word came to satisfy `isReached` within a moment. */
  spin(isReached: (value: number) => boolean): boolean {
    if (isReached(Atomics.load(this.#words, this.#index))) return true
    if (this.#toSkip > 0) {
      this.#toSkip--
      return false
    }
    if (this.#spin(isReached)) {
      this.#skipped = 0
      return true
    }
    this.#skipped = Math.min(2 * this.#skipped + 1, SKIPPED_MAX)
    this.#toSkip = this.#skipped
    return false
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
