// From the log's facts to the tree and to where everything lies. Runs at open and in a check.

import { TreeBuilder, type Tree } from '@wasm-vfs/core/backend'
import { PlacementBuilder } from '../pool/facts.ts'
import { isTreeFact } from './fact-codec.ts'
import type { LoadedState, StateLog } from './state-log.ts'

export interface Replayed extends Pick<LoadedState, 'closed' | 'stale'> {
  readonly tree: Tree
  readonly placement: PlacementBuilder
}

/** Undefined if there is no state; EIO, saying what is wrong, if it is damaged. */
export function replay(log: StateLog): Replayed | undefined {
  const loaded = log.load()
  if (loaded === undefined) return undefined
  const tree = new TreeBuilder()
  const placement = new PlacementBuilder()
  for (const fact of loaded.facts) {
    placement.apply(fact)
    if (isTreeFact(fact)) tree.apply(fact)
  }
  const { closed, stale } = loaded
  return { tree: tree.build(), placement, closed, stale }
}
