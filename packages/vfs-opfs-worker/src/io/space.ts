// How much space the origin has, as the browser estimates it.

import type { SpaceStatistics } from '@wasm-vfs/core/backend'

const REFRESH_MS = 10_000

export class SpaceEstimate {
  #current: SpaceStatistics = { total: 0, free: 0 }
  #refreshedAt = Number.NEGATIVE_INFINITY
  readonly #estimate: () => Promise<StorageEstimate>

  constructor(estimate: () => Promise<StorageEstimate> = () => navigator.storage.estimate()) {
    this.#estimate = estimate
  }

  /** Asks again if the last answer is old, or `always`. `held`: bytes that count as used and are free. */
  async refresh(held: number, always: boolean): Promise<SpaceStatistics> {
    const now = Date.now()
    if (always || now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now
      try {
        const { quota = 0, usage = 0 } = await this.#estimate()
        this.#current = { total: quota, free: Math.max(quota - usage + held, 0) }
      } catch {
        // An estimate is a courtesy (Firefox refuses it in some contexts); nothing depends on it.
      }
    }
    return this.#current
  }
}
