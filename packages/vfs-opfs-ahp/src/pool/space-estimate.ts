// How much space the origin has, as the browser estimates it. Asking is asynchronous and slow, so the
// answer is kept and refreshed now and then.

import { withDeadline, type SpaceStatistics } from '@wasm-vfs/core/backend'

const REFRESH_MS = 10_000

export class SpaceEstimate {
  #current: SpaceStatistics = { total: 0, free: 0 }
  #refreshedAt = Number.NEGATIVE_INFINITY

  get current(): SpaceStatistics {
    return this.#current
  }

  /** Asks again if the last answer is old. Only the first answer is worth waiting for. */
  async refresh(): Promise<void> {
    const now = performance.now()
    if (now - this.#refreshedAt < REFRESH_MS) return
    const first = this.#refreshedAt === Number.NEGATIVE_INFINITY
    this.#refreshedAt = now
    const answered = this.#ask()
    if (first) await answered
  }

  async #ask(): Promise<void> {
    try {
      const estimate = navigator.storage.estimate()
      const { quota = 0, usage = 0 } = await withDeadline(estimate, {
        operation: 'statfs',
        call: 'estimate',
      })
      this.#current = { total: quota, free: Math.max(quota - usage, 0) }
    } catch {
      // An estimate is a courtesy (Firefox refuses it in some contexts); nothing depends on it.
    }
  }
}
