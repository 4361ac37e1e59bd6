// The owner of a store where there are no Web Locks: noted in the store's own database, in transactions,
// and looked up again by every transaction that writes. So whoever comes second, and however late the
// first one wakes up, their commits never mix.

import type { OwnerLedger } from '@wasm-vfs/core/backend'
import type { Connection } from './connection.ts'
import { OWNER, STATE, type OwnerRecord } from './layout.ts'
import { resultOf } from './waiting.ts'

export class IdbLedger implements OwnerLedger {
  readonly #connection: Connection
  #gone = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async claim(token: string, instead: string | undefined): Promise<string> {
    const owner = await this.#connection.transaction('readwrite', 'strict', async (transaction) => {
      const state = transaction.objectStore(STATE)
      const noted = await resultOf<OwnerRecord | undefined>(state.get(OWNER))
      if (noted !== undefined && noted.token !== instead) return noted.token
      state.put({ key: OWNER, token } satisfies OwnerRecord)
      return token
    })
    if (owner === token) this.#connection.fence(token)
    return owner
  }

  /** The database was deleted, and all that was noted with it. */
  isGone(): void {
    this.#gone = true
  }

  /** The last that the connection does. If another has been noted, there is nothing to give up. */
  async giveUp(token: string): Promise<void> {
    if (this.#gone) return
    try {
      await this.#connection.transaction('readwrite', 'strict', async (transaction) => {
        const state = transaction.objectStore(STATE)
        const noted = await resultOf<OwnerRecord | undefined>(state.get(OWNER))
        if (noted?.token === token) state.delete(OWNER)
      })
    } finally {
      this.#connection.close()
    }
  }
}
