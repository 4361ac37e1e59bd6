import { afterEach, describe, expect, test, vi } from 'vitest'
import { Spinner } from './wait.ts'

const SPIN_MS = 0.5
const LOOK_MS = 0.01

afterEach(() => vi.restoreAllMocks())

/** A thread that waits for another one, which answers after a while, and on a clock that only looks at it move. */
class Pair {
  readonly #words = new Int32Array(new SharedArrayBuffer(4))
  readonly #spinner = new Spinner(this.#words, 0, SPIN_MS)
  #now = 0
  #answersAt = Infinity

  constructor() {
    vi.spyOn(performance, 'now').mockImplementation(() => this.#pass(LOOK_MS))
  }

  /** Whether it spun, for one answer that takes `ms`. */
  wait(ms: number): boolean {
    return this.#wait(() => (this.#answersAt = this.#now + ms))
  }

  /** The same where the two share a core: nothing happens there before this thread blocks. */
  waitOnOneCore(ms: number): boolean {
    this.#answersAt = Infinity
    return this.#wait(() => {}, ms)
  }

  #wait(ask: () => void, onceBlockedMs?: number): boolean {
    Atomics.store(this.#words, 0, 0)
    ask()
    const began = this.#now
    const spun = this.#spinner.spin((value) => value === 1)
    const spunMs = this.#now - began
    if (!spun) {
      if (onceBlockedMs !== undefined) this.#pass(onceBlockedMs)
      else if (this.#answersAt > this.#now) this.#pass(this.#answersAt - this.#now)
      this.#spinner.woke()
    }
    return spun || spunMs >= SPIN_MS
  }

  #pass(ms: number): number {
    this.#now += ms
    if (this.#now >= this.#answersAt) Atomics.store(this.#words, 0, 1)
    return this.#now
  }
}

function times<Result>(count: number, call: () => Result): Result[] {
  return Array.from({ length: count }, call)
}

describe('spinning', () => {
  test('goes on while answers come soon', () => {
    const pair = new Pair()
    expect(times(20, () => pair.wait(0.1))).not.toContain(false)
  })

  test('is left out after a long wait, and taken up again after a short one', () => {
    const pair = new Pair()
    expect(times(5, () => pair.wait(20))).toEqual([true, false, false, false, false])
    expect(times(4, () => pair.wait(0.1))).toEqual([false, true, true, true])
  })

  test('is tried again at once after one that was too short by little', () => {
    const pair = new Pair()
    expect(pair.wait(SPIN_MS + 0.2)).toBe(true)
    expect(pair.wait(0.1)).toBe(true)
  })

  test('becomes rare where it keeps the other thread from its core', () => {
    const pair = new Pair()
    const attempts = times(4_000, () => pair.waitOnOneCore(0.008)).filter(Boolean).length
    expect(attempts).toBeGreaterThan(4_000 / 256)
    expect(attempts).toBeLessThan(4_000 / 256 + 10)
  })

  test('is trusted again once it has been of use', () => {
    const pair = new Pair()
    times(100, () => pair.waitOnOneCore(0.008))
    times(64, () => pair.wait(0.1))
    expect(times(20, () => pair.wait(0.1))).not.toContain(false)
  })
})
