// How fine the clock of this context is: browsers coarsen it, to 5 µs in Chromium, 20 µs in Firefox, and to
// a millisecond where a page is not isolated. Called by the meter.

const CHANGES = 16
/** Of one coarser than any known. */
const DEADLINE_MS = 50

/** Milliseconds from one value of `performance.now()` to the next: the least of a few such steps. */
export function clockStep(now: () => number = () => performance.now()): number {
  let least = DEADLINE_MS
  const start = now()
  let last = start
  for (let changes = 0; changes < CHANGES && last - start < DEADLINE_MS;) {
    const value = now()
    if (value === last) continue
    least = Math.min(least, value - last)
    last = value
    changes++
  }
  return least
}
