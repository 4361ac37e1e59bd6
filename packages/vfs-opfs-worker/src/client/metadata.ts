// The engine's metadata store on the client's side: hands each batch to the I/O worker and waits.

import { type Batch, type Fact, type MetadataStore } from '@wasm-vfs/core/backend'
import { encodeFacts } from '../channel/fact-codec.ts'
import {
  OP_ACKNOWLEDGE,
  OP_BATCH_PART,
  OP_CLOSE,
  OP_COMMIT,
  PLACE_RING,
} from '../channel/protocol.ts'
import type { Channel, Request } from './channel.ts'

export class ChannelMetadata implements MetadataStore {
  readonly #channel: Channel
  // The batch that is to go with the `acknowledge` that follows, so that the two are one request.
  #held: readonly Fact[] = []

  constructor(channel: Channel) {
    this.#channel = channel
  }

  commit(batch: Batch<never>): void {
    // Idempotent facts in order are one batch as well as two.
    this.#held = this.#held.length === 0 ? batch.facts : [...this.#held, ...batch.facts]
  }

  acknowledge(): void {
    this.#channel.call(this.#acknowledgeRequest())
  }

  /** One round trip, with the batch: a program that removes its journal has committed when this returns. */
  handDown(): void {
    if (this.#held.length === 0) return
    this.#channel.call(this.#commitRequest(this.#takeHeld(), false))
  }

  async acknowledgeAsync(): Promise<void> {
    // A batch that waits for its turn could come after one that was committed later.
    if (this.#channel.isPending) return this.acknowledge()
    await this.#channel.callAsync(this.#acknowledgeRequest())
  }

  sync(): void {}

  /** The last batch comes without an acknowledge: closing makes it durable. */
  async close(clean: boolean): Promise<void> {
    let committed = false
    try {
      if (clean && this.#held.length > 0) {
        await this.#channel.callAsync(this.#commitRequest(this.#held, false))
      }
      committed = true
    } finally {
      await this.#channel.callAsync({ op: OP_CLOSE, flag: clean && committed })
    }
  }

  #acknowledgeRequest(): Request {
    const facts = this.#takeHeld()
    return facts.length === 0 ? { op: OP_ACKNOWLEDGE } : this.#commitRequest(facts, true)
  }

  /** After an error the engine commits them again. */
  #takeHeld(): readonly Fact[] {
    const facts = this.#held
    this.#held = []
    return facts
  }

  /** Posts all but the last piece of a batch; the piece is what the request carries. */
  #commitRequest(facts: readonly Fact[], acknowledge: boolean): Request {
    const bytes = encodeFacts(facts)
    const pieceBytes = Math.floor(this.#channel.views.ring.length / 8)
    let at = 0
    for (; bytes.length - at > pieceBytes; at += pieceBytes) {
      this.#channel.post({
        op: OP_BATCH_PART,
        ...this.#inRing(bytes.subarray(at, at + pieceBytes)),
      })
    }
    return { op: OP_COMMIT, flag: acknowledge, ...this.#inRing(bytes.subarray(at)) }
  }

  #inRing(bytes: Uint8Array): Pick<Request, 'place' | 'address' | 'length'> {
    const address = this.#channel.makeRoom(bytes.length)
    this.#channel.views.ring.set(bytes, address)
    return { place: PLACE_RING, address, length: bytes.length }
  }
}
