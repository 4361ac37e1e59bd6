// What a browser that does not answer can do to whoever wants a store; ownership itself is tested in real
// browsers (test/storage).

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BROWSER_DEADLINE_MS } from './deadline.ts'
import { takeOwnership } from './ownership.ts'
import { TAKE_OVER_DEADLINE_MS } from './take-over.ts'

type Granted = (lock: Lock | null) => Promise<void> | undefined

/** Locks that are given when the test says so, if ever. */
class SlowLocks {
  readonly #asked: { options: LockOptions; granted: Granted; done: (held: unknown) => void }[] = []
  /** Locks that are held. */
  held = 0

  request(_name: string, options: LockOptions, granted: Granted): Promise<unknown> {
    return new Promise((done) => this.#asked.push({ options, granted, done }))
  }

  /** Answers the request that was asked first. */
  answer(kind: 'lock' | 'busy', releases: 'at once' | 'never' = 'at once'): void {
    const { granted, done } = this.#asked.shift()!
    if (kind === 'busy') {
      done(granted(null))
      return
    }
    this.held++
    void this.#hold(granted, releases === 'at once' ? done : () => {})
  }

  async #hold(granted: Granted, done: (held: unknown) => void): Promise<void> {
    await granted({ name: 'store', mode: 'exclusive' })
    this.held--
    done(undefined)
  }
}

/** What a promise rejects with, as text; waited for later. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'none', String)
}

let locks: SlowLocks

beforeEach(() => {
  locks = new SlowLocks()
  vi.useFakeTimers()
  vi.stubGlobal('navigator', { locks })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a browser that does not answer', () => {
  it('is an error after the deadline, and a lock that comes later is given back', async () => {
    const taking = failureOf(takeOwnership('store'))
    await vi.advanceTimersByTimeAsync(BROWSER_DEADLINE_MS)
    expect(await taking).toMatch(
      /ETIMEDOUT.*store.*navigator.locks.request was not answered.* 30000 ms/,
    )
    locks.answer('lock')
    await vi.advanceTimersByTimeAsync(0)
    expect(locks.held).toBe(0)
  })

  it('is waited for without end by whoever asks for that', async () => {
    const taking = takeOwnership('store', { wait: true })
    await vi.advanceTimersByTimeAsync(100 * BROWSER_DEADLINE_MS)
    locks.answer('lock')
    const release = await taking
    expect(locks.held).toBe(1)
    await release()
    expect(locks.held).toBe(0)
  })

  it('is waited for until the signal aborts, and a lock that comes later is given back', async () => {
    const impatience = new AbortController()
    const taking = takeOwnership('store', { wait: impatience.signal })
    await vi.advanceTimersByTimeAsync(1000)
    impatience.abort()
    await expect(taking).rejects.toMatchObject({ code: 'ECANCELED', path: 'store' })
    locks.answer('lock')
    await vi.advanceTimersByTimeAsync(0)
    expect(locks.held).toBe(0)
  })

  it('cannot be asked with a signal that has aborted', async () => {
    const taking = takeOwnership('store', { wait: AbortSignal.abort() })
    await expect(taking).rejects.toMatchObject({ code: 'ECANCELED' })
  })

  it('is an error after the deadline of a close, too', async () => {
    const taking = takeOwnership('store')
    locks.answer('lock', 'never')
    const release = await taking
    const closing = failureOf(release())
    await vi.advanceTimersByTimeAsync(BROWSER_DEADLINE_MS)
    expect(await closing).toMatch(/ETIMEDOUT.*store.*giving a lock back/)
  })
})

describe('an owner that may be stuck in close()', () => {
  it('is named by the error of an open', async () => {
    const taking = failureOf(takeOwnership('store'))
    locks.answer('busy')
    expect(await taking).toMatch(/EBUSY.*data of this site was cleared.*stuck in close.*reload/)
  })

  it('is named by the error of a take-over', async () => {
    // The browser's own clock, which fake timers leave alone.
    const patience = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal)
    const taking = failureOf(takeOwnership('store', { takeOver: true }))
    locks.answer('busy')
    await vi.advanceTimersByTimeAsync(TAKE_OVER_DEADLINE_MS)
    patience.abort(new DOMException('The operation timed out', 'TimeoutError'))
    expect(await taking).toMatch(
      new RegExp(`EBUSY.*${TAKE_OVER_DEADLINE_MS} ms.*data of this site was cleared.*stuck`),
    )
  })
})
