// The world around a store in a simulation: the clock, the timers, the randomness and `navigator`, all of
// them set by a seed, so that a run can be run again. One world at a time: it stands in for the globals
// between `enter` and `leave`.

import { SeededRandom } from '../simulated-opfs/index.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

type Name = 'setTimeout' | 'clearTimeout' | 'crypto' | 'navigator' | 'performance'

export class SimulatedWorld {
  // Time as it passes, which the disk and `performance.now()` go by; the system's clock is off by #clockOffset.
  #now: number
  #clockOffset = 0
  #random: SeededRandom
  #nextTimer = 1
  readonly #monotonicOrigin: number
  readonly #timers = new Map<number, Timer>()
  readonly #saved = new Map<Name, PropertyDescriptor | undefined>()
  #savedNow: (() => number) | undefined

  constructor(seed: number, now: number) {
    this.#random = new SeededRandom(seed)
    this.#now = now
    this.#monotonicOrigin = now - 1000
  }

  enter(): void {
    if (this.#savedNow !== undefined) throw new TypeError('this world has been entered')
    this.#savedNow = Date.now
    Date.now = () => this.#now + this.#clockOffset
    this.#replace('setTimeout', (run: () => void, ms: number = 0) => {
      this.#timers.set(this.#nextTimer, { at: this.#now + ms, run })
      return this.#nextTimer++
    })
    // Monotonic, and from an origin of its own: a store that mixes the two clocks fails at once.
    this.#replace('performance', { now: () => this.#now - this.#monotonicOrigin })
    this.#replace('clearTimeout', (timer: number) => void this.#timers.delete(timer))
    this.#replace('crypto', { getRandomValues: (bytes: Uint8Array) => this.#fill(bytes) })
    // No locks: a killed session cannot give one back here as it does in a browser.
    this.#replace('navigator', { storage: { estimate: () => Promise.resolve({ quota: 0 }) } })
  }

  leave(): void {
    if (this.#savedNow === undefined) return
    this.#timers.clear()
    Date.now = this.#savedNow
    this.#savedNow = undefined
    for (const [name, descriptor] of this.#saved) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, descriptor)
    }
    this.#saved.clear()
  }

  /** True time in milliseconds, which no setting of the clock moves: when names settle, and what age is. */
  get now(): number {
    return this.#now
  }

  /** Somebody sets the system's clock forward by so many milliseconds, or back. No time passes by that. */
  setClock(ms: number): void {
    this.#clockOffset += ms
  }

  /** The clock goes on and no timer runs, as in a program that never waits. */
  setTime(now: number): void {
    this.#now = now
  }

  /** The clock goes on and timers run when they are due. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)
      if (next === undefined || next[1].at > end) break
      const [id, { at, run }] = next
      this.#timers.delete(id)
      this.#now = Math.max(this.#now, at)
      run()
    }
    this.#now = end
  }

  /** A new session: timers of the one before are gone, the clock is right, and randomness begins again. */
  begin(seed: number, now: number): void {
    this.#timers.clear()
    this.#random = new SeededRandom(seed)
    this.#now = now
    this.#clockOffset = 0
  }

  /** Waits for something that may itself wait for timers. Throws if it takes ten simulated seconds. */
  async settle<Result>(work: Promise<Result>): Promise<Result> {
    const state = { settled: false }
    const settle = (): void => void (state.settled = true)
    work.then(settle, settle)
    for (let round = 0; round < 100; round++) {
      for (let turn = 0; turn < 5000 && !state.settled; turn++) await Promise.resolve()
      if (state.settled) return work
      this.advance(100)
    }
    throw new Error('it hangs: ten simulated seconds have passed')
  }

  #fill(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.#random.below(256)
    return bytes
  }

  #replace(name: Name, value: unknown): void {
    this.#saved.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
}
