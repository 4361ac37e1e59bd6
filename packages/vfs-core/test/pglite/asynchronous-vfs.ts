// A Vfs that is durable only through sync(), such as idb, and knows which rows a finished sync covers.
// Nothing else ever syncs it: what a promise does not wait for is not durable when it resolves.

import type { Vfs } from '../../src/contract/index.ts'

/** Milliseconds that a sync takes. */
const SYNC_MS = 3

const utf8 = new TextDecoder()

/** Which marked rows (`marker-1;`, `marker-2;` …) have been written, and which of them a finished sync covers. */
export class AsynchronousVfs {
  readonly vfs: Vfs
  readonly durable = new Set<number>()
  readonly #written = new Set<number>()
  failing = false
  syncs = 0

  constructor(memory: Vfs) {
    const overrides: Partial<Vfs> = {
      capabilities: { ...memory.capabilities, synchronousFsync: false },
      write: (ino, from, at) => {
        for (const [, id] of utf8.decode(from).matchAll(/marker-(\d+);/g)) {
          this.#written.add(Number(id))
        }
        return memory.write(ino, from, at)
      },
      sync: async () => {
        this.syncs++
        const covered = [...this.#written]
        await new Promise((resolve) => setTimeout(resolve, SYNC_MS))
        if (this.failing) throw new Error('the disk is on fire')
        for (const id of covered) this.durable.add(id)
      },
    }
    this.vfs = new Proxy(memory, {
      get(target, key) {
        const value: unknown = Reflect.get(key in overrides ? overrides : target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}
