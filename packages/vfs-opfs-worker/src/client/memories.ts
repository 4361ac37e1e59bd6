// The shared heaps that the I/O worker reaches by itself. Called by the content store for each buffer.

import { OP_MEMORY, PLACE_MEMORY, PLACE_NONE, type MemoryMessage } from '../channel/protocol.ts'
import type { Channel } from './channel.ts'

export class Memories {
  readonly #channel: Channel
  readonly #attached: WebAssembly.Memory[] = []
  #lastId = 0

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** Nothing happens for a memory that is not shared: another thread cannot reach it. */
  async attach(memory: WebAssembly.Memory): Promise<void> {
    if (!(memory.buffer instanceof SharedArrayBuffer) || this.#attached.includes(memory)) return
    const id = ++this.#lastId
    this.#channel.postMessage({ type: 'memory', id, memory } satisfies MemoryMessage)
    await this.#channel.callAsync({ op: OP_MEMORY, at: id })
    this.#attached.push(memory)
  }

  /** The place that a buffer lies in; PLACE_NONE if it is in no attached memory. */
  placeOf(bytes: Uint8Array): number {
    // A memory that grows gets a new buffer, so each call asks for it again.
    for (const [index, memory] of this.#attached.entries()) {
      if (memory.buffer === bytes.buffer) return PLACE_MEMORY + index
    }
    return PLACE_NONE
  }
}
