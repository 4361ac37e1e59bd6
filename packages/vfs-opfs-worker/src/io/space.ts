// How much space the origin has, as the browser estimates it.

import { withDeadline, type SpaceStatistics } from '@wasm-vfs/core/backend'

const REFRESH_MS = 10_000
/** The program waits for it in a sync. */
const ESTIMATE_DEADLINE_MS = 3000

export class SpaceEstimate {
  #current: SpaceStatistics = { total: 0, free: 0 }
  #refreshedAt = Number.NEGATIVE_INFINITY
  readonly #estimate: () => Promise<StorageEstimate>

  constructor(estimate: () => Promise<StorageEstimate> = () => navigator.storage.estimate()) {
    this.#estimate = estimate
  }

  /** Asks again if the last answer is old, or `always`. `held`: bytes that count as used and are free. */
  async refresh(held: number, always: boolean): Promise<SpaceStatistics> {
    const now = performance.now()
    if (always || now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now
      try {
        const call = { operation: 'statfs', call: 'estimate', deadlineMs: ESTIMATE_DEADLINE_MS }
        const { quota = 0, usage = 0 } = await withDeadline(this.#estimate(), call)
        this.#current = { total: quota, free: Math.max(quota - usage + held, 0) }
      } catch {
        // An estimate is a courtesy (Firefox refuses it in some contexts); nothing depends on it.
      }
    }
    return this.#current
  }
}
