// The engine on top of a channel to an I/O worker that has opened the store. Called by open.ts.

import {
  emptyTree,
  FILE_SIZE_MAX,
  InodeFs,
  TreeBuilder,
  type Durability,
  type DurabilityLevel,
  type Fact,
  type Tree,
  type Vfs,
} from '@wasm-vfs/core/backend'
import { OP_RELAX } from '../channel/protocol.ts'
import type { Channel } from './channel.ts'
import { ChannelContent } from './content.ts'
import { Memories } from './memories.ts'
import { ChannelMetadata } from './metadata.ts'

export interface MountOptions {
  readonly name: string
  readonly durability: Durability
  /** Called when the store has been closed, or could not be. */
  readonly release: () => Promise<void>
}

/** `facts`: the tree that the I/O worker has found. */
export function mount(
  channel: Channel,
  facts: readonly Fact[],
  { name, durability, release }: MountOptions,
): Vfs {
  const memories = new Memories(channel)
  return new InodeFs({
    backend: 'opfs-worker',
    name,
    level: new ChannelLevel(channel, durability),
    capabilities: {
      persistent: true,
      synchronousFsync: true,
      hardLinks: false,
      sharedMemoryWithoutCopy: true,
      maxFileSize: FILE_SIZE_MAX,
    },
    content: new ChannelContent(channel, memories),
    metadata: new ChannelMetadata(channel),
    tree: treeOf(facts),
    stats: () => channel.stats(),
    attachMemory: (memory) => memories.attach(memory),
    release,
    checkAlive: () => channel.checkAlive(),
  })
}

function treeOf(facts: readonly Fact[]): Tree {
  if (facts.length === 0) return emptyTree()
  const builder = new TreeBuilder()
  for (const fact of facts) builder.apply(fact)
  return builder.build()
}

/** Passes on to the I/O worker that the engine has lowered it. */
class ChannelLevel implements DurabilityLevel {
  readonly #channel: Channel
  #current: Durability

  constructor(channel: Channel, durability: Durability) {
    this.#channel = channel
    this.#current = durability
  }

  get current(): Durability {
    return this.#current
  }

  set current(durability: Durability) {
    this.#current = durability
    if (!this.#channel.isDead) this.#channel.post({ op: OP_RELAX })
  }
}
