// A worker that changes a store in rounds, each synced and then announced, until it is terminated. The
// contents of a round say its number everywhere, so that a mixture of two rounds can be told.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { serveTasks } from '@wasm-vfs/core/testing'
import { openIdb } from '@wasm-vfs/idb'

export interface RoundsRequest {
  readonly name: string
  readonly channel: string
}

/** Bytes of the file `content`, several chunks; every 32-bit word of it is the round's number. */
export const CONTENT_BYTES = 300_000
export const NAME_PREFIX = 'round-'

serveTasks({
  async run({ name, channel }: RoundsRequest) {
    const announce = new BroadcastChannel(channel)
    const vfs = await openIdb(name)
    const content = vfs.create(ROOT_INO, 'content', 0o644)
    for (let round = 1; ; round++) {
      change(vfs, content, round)
      await vfs.sync()
      announce.postMessage(round)
    }
  },
})

function change(vfs: Vfs, content: number, round: number): void {
  // Once longer, once shorter: chunks come and go.
  const length = round % 2 === 0 ? CONTENT_BYTES : CONTENT_BYTES / 3
  const words = new Uint32Array(length / 4).fill(round)
  vfs.write(content, new Uint8Array(words.buffer), 0)
  vfs.truncate(content, length)
  if (round === 1) vfs.create(ROOT_INO, `${NAME_PREFIX}1`, 0o644)
  else vfs.rename(ROOT_INO, `${NAME_PREFIX}${round - 1}`, ROOT_INO, `${NAME_PREFIX}${round}`)
}
