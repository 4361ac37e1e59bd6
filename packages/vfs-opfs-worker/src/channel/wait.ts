// Waiting for a word of shared memory to change: spinning, and without blocking. Used by both sides.

/** Loads between two looks at the clock. */
const SPINS_PER_LOOK = 16

type Pause = (iterations?: number) => void
// Newer than the type library: tells the core that this is a spin loop.
const pause: Pause = (Atomics as { pause?: Pause }).pause?.bind(Atomics) ?? (() => {})

/** Whether the word came to satisfy `isReached` within `ms`, a fraction of a millisecond. */
export function spinUntil(
  words: Int32Array,
  index: number,
  isReached: (value: number) => boolean,
  ms: number,
): boolean {
  const end = performance.now() + ms
  do {
    for (let spin = 0; spin < SPINS_PER_LOOK; spin++) {
      if (isReached(Atomics.load(words, index))) return true
      pause()
    }
  } while (performance.now() < end)
  return false
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
