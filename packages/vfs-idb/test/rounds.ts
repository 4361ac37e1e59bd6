// What a store that `rounds.worker.ts` left must look like.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'

export interface StateOfRound {
  /** The round of the name, and the rounds of the words of the file. */
  readonly name: number
  readonly words: readonly number[]
}

export function stateOf(vfs: Vfs): StateOfRound {
  const names = vfs.readdir(ROOT_INO).map(({ name }) => name)
  const [round = ''] = names.filter((name) => name.startsWith('round-'))
  const content = vfs.lookup(ROOT_INO, 'content')
  const bytes = new Uint8Array(vfs.getattr(content).size)
  vfs.read(content, bytes, 0)
  const words = [...new Set(new Uint32Array(bytes.buffer))]
  return { name: Number(round.slice('round-'.length)), words }
}
