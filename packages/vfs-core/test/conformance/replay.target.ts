// The smallest persistent backend: the engine over stores that live in this process, the metadata a
// list of facts that each open replays. It takes the conformance suite's persistence and the model's
// remounts to Node, thousands of them in seconds, so that what the engine writes down is judged apart
// from any browser's storage. `synchronous: false` commits as a database does, only in `sync()`;
// `unblocked` hands batches to somebody else, as a channel to a worker does.

import { FILE_SIZE_MAX, VfsError, type Capabilities, type Vfs } from '@wasm-vfs/core'
import {
  emptyTree,
  InodeFs,
  TreeBuilder,
  type Batch,
  type ContentStore,
  type Fact,
  type MetadataStore,
  type SpaceStatistics,
} from '@wasm-vfs/core/backend'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { ChunkedContent } from '../../src/memory/chunked-content.ts'

const CAPACITY = 2 ** 32

/** Commits between two images of everything, which stand in for a log's checkpoints. */
const COMMITS_PER_IMAGE = 4

/** What is there between an open and the next. */
export class Medium {
  readonly chunks = new ChunkedContent(CAPACITY)
  facts: Fact[] | undefined
  isOpen = false
}

interface ReplayOptions {
  readonly synchronous: boolean
  readonly hardLinks: boolean
  readonly unblocked?: boolean
}

export function replayTarget(
  name: string,
  { synchronous, hardLinks, unblocked = false }: ReplayOptions,
): ConformanceTarget {
  const media = new Map<string, Medium>()
  const capabilities: Capabilities = {
    persistent: true,
    synchronousFsync: synchronous,
    hardLinks,
    sharedMemoryWithoutCopy: false,
    maxFileSize: FILE_SIZE_MAX,
  }
  return {
    name,
    capabilities,
    open: async (storeName) => {
      const medium = media.get(storeName) ?? new Medium()
      media.set(storeName, medium)
      if (medium.isOpen) throw new VfsError('EBUSY', 'open', { path: storeName })
      medium.isOpen = true
      const metadata = unblocked ? new HandedList(medium) : new FactList(medium, synchronous)
      return mount(storeName, medium, capabilities, metadata)
    },
    destroy: async (storeName) => void media.delete(storeName),
  }
}

/** The engine over what the medium holds. */
export function mount(
  name: string,
  medium: Medium,
  capabilities: Capabilities,
  metadata: MetadataStore & { readonly commits: number },
  content: ContentStore = new ChunkStore(medium.chunks),
): Vfs {
  return new InodeFs({
    backend: 'replay',
    name,
    level: { current: 'strict' },
    capabilities,
    content,
    metadata,
    tree: medium.facts === undefined ? emptyTree() : replay(medium.facts),
    stats: () => ({ commits: metadata.commits }),
    release: () => {
      medium.isOpen = false
    },
  })
}

function replay(facts: readonly Fact[]): ReturnType<typeof emptyTree> {
  const builder = new TreeBuilder()
  for (const fact of facts) builder.apply(fact)
  return builder.build()
}

class FactList implements MetadataStore {
  readonly #medium: Medium
  readonly #synchronous: boolean
  commits = 0

  constructor(medium: Medium, synchronous: boolean) {
    this.#medium = medium
    this.#synchronous = synchronous
  }

  commit(batch: Batch<never>, snapshot: () => Iterable<Fact>): void | Promise<void> {
    this.commits++
    if (this.#synchronous) return this.#append(batch, snapshot)
    // The batch is taken now and kept later, as by a transaction; an image must be of this moment.
    const image = this.commits % COMMITS_PER_IMAGE === 0 ? frozen(snapshot()) : undefined
    const facts = frozen(batch.facts)
    return later().then(() => this.#keep(facts, image))
  }

  #append(batch: Batch<never>, snapshot: () => Iterable<Fact>): void {
    const image = this.commits % COMMITS_PER_IMAGE === 0 ? frozen(snapshot()) : undefined
    this.#keep(frozen(batch.facts), image)
  }

  #keep(facts: Fact[], image: Fact[] | undefined): void {
    this.#medium.facts = image ?? [...(this.#medium.facts ?? []), ...facts]
  }

  acknowledge(): void {}
  sync(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** What is handed down is kept, in order, when somebody waits for it. */
class HandedList implements MetadataStore {
  readonly #medium: Medium
  readonly #handed: Fact[][] = []
  commits = 0

  constructor(medium: Medium) {
    this.#medium = medium
  }

  commit(batch: Batch<never>): void {
    this.commits++
    this.#handed.push(frozen(batch.facts))
  }

  acknowledge(): void {
    const kept = this.#medium.facts ?? []
    this.#medium.facts = [...kept, ...this.#handed.splice(0).flat()]
  }

  async acknowledgeAsync(): Promise<void> {
    await later()
    this.acknowledge()
  }

  sync(): void {}

  close(): Promise<void> {
    this.acknowledge()
    return Promise.resolve()
  }
}

/** A copy, as storage would hold it: nothing that the engine changes afterwards shows in it. */
const frozen = (facts: Iterable<Fact>): Fact[] => structuredClone([...facts])

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

export class ChunkStore implements ContentStore {
  readonly #chunks: ChunkedContent

  constructor(chunks: ChunkedContent) {
    this.#chunks = chunks
  }

  attach(): void {}

  read(ino: number, into: Uint8Array, at: number): void {
    this.#chunks.read(ino, into, at)
  }

  write(ino: number, from: Uint8Array, at: number): void {
    this.#chunks.write(ino, from, at)
  }

  resize(ino: number, size: number, newSize: number): void {
    if (newSize < size) this.#chunks.shrink(ino, newSize)
  }

  drop(ino: number): void {
    this.#chunks.drop(ino)
  }

  space(): SpaceStatistics {
    return { total: CAPACITY, free: CAPACITY - this.#chunks.bytes }
  }

  fsync(): void {}
  takeFacts(): never[] {
    return []
  }
  returnFacts(): void {}
  snapshot(): never[] {
    return []
  }
  prepare(): void {}
  committed(): void {}
  syncAll(): void {}
  housekeeping(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** A log with synchronous commits, as opfs-ahp's. */
export const logTarget: ConformanceTarget = replayTarget('replayed log', {
  synchronous: true,
  hardLinks: true,
})

/** Batches are handed to somebody else and can be waited for without blocking, as opfs-worker's. */
export const channelTarget: ConformanceTarget = replayTarget('replayed channel', {
  synchronous: true,
  hardLinks: false,
  unblocked: true,
})

/** Commits only in `sync()`, as idb's; without hard links, as opfs-worker. */
export const transactionTarget: ConformanceTarget = replayTarget('replayed transactions', {
  synchronous: false,
  hardLinks: false,
})
