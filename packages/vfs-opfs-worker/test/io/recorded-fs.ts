// The engine over stores that write down what it asks of them. The calls can then be made, one after the
// other and awaited, on an IoStore: so a test says what a program does, in terms of the contract, without
// a channel between.

import {
  ChunkedContent,
  FILE_SIZE_MAX,
  InodeFs,
  TreeBuilder,
  type Batch,
  type ContentStore,
  type Fact,
  type Ino,
  type MetadataStore,
  type SpaceStatistics,
  type Vfs,
} from '@wasm-vfs/core/backend'
import type { IoStore } from '../../src/io/io-store.ts'

export interface RecordingOptions {
  /** As the client where nothing is known to be available: space for each growth is asked for first. */
  readonly reserving?: boolean
}

export type StoreCall = (store: IoStore) => unknown

export class RecordedFs {
  readonly vfs: Vfs
  readonly #calls: StoreCall[] = []

  /** `facts` and `read`: what the store holds at the beginning. */
  constructor(
    facts: readonly Fact[],
    content: ReadonlyMap<Ino, Uint8Array> = new Map(),
    { reserving = false }: RecordingOptions = {},
  ) {
    const tree = new TreeBuilder()
    for (const fact of facts) tree.apply(fact)
    const record = (call: StoreCall): void => void this.#calls.push(call)
    this.vfs = new InodeFs({
      backend: 'recorded',
      name: 'recorded',
      level: { current: 'strict' },
      capabilities: {
        persistent: true,
        synchronousFsync: true,
        hardLinks: false,
        sharedMemoryWithoutCopy: false,
        maxFileSize: FILE_SIZE_MAX,
      },
      content: new RecordedContent(record, content, reserving),
      metadata: recordedMetadata(record),
      tree: tree.build(),
      stats: () => ({}),
    })
  }

  /** The calls since the last time. */
  take(): StoreCall[] {
    return this.#calls.splice(0)
  }
}

class RecordedContent implements ContentStore {
  readonly #record: (call: StoreCall) => void
  readonly #bytes = new ChunkedContent(Infinity)

  readonly #reserving: boolean

  constructor(
    record: (call: StoreCall) => void,
    content: ReadonlyMap<Ino, Uint8Array>,
    reserving: boolean,
  ) {
    this.#record = record
    this.#reserving = reserving
    for (const [ino, bytes] of content) if (bytes.length > 0) this.#bytes.write(ino, bytes, 0)
  }

  attach(): void {}

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#bytes.read(ino, into, at)
  }

  write(ino: Ino, from: Uint8Array, at: number, size: number): void {
    const bytes = from.slice()
    this.#bytes.write(ino, bytes, at)
    this.#reserve(ino, size, at + bytes.length)
    this.#record((store) => store.write(ino, bytes, at, size))
  }

  resize(ino: Ino, size: number, newSize: number): void {
    if (newSize < size) this.#bytes.shrink(ino, newSize)
    this.#reserve(ino, size, newSize)
    this.#record((store) => store.resize(ino, size, newSize))
  }

  #reserve(ino: Ino, size: number, newSize: number): void {
    if (!this.#reserving || newSize <= size) return
    this.#record((store) => store.reserve(newSize - size, ino, newSize))
  }

  drop(ino: Ino): void {
    this.#bytes.drop(ino)
    this.#record((store) => store.drop(ino))
  }

  fsync(ino: Ino): void {
    this.#record((store) => store.fsync(ino))
  }

  takeFacts(): never[] {
    return []
  }

  returnFacts(): void {}

  snapshot(): never[] {
    return []
  }

  prepare(): void {}

  committed(): void {}

  syncAll(): void {
    this.#record((store) => store.syncAll())
  }

  housekeeping(): Promise<void> {
    this.#record((store) => store.housekeeping())
    return Promise.resolve()
  }

  space(): SpaceStatistics {
    return { total: 0, free: 0 }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** As the real client: the commit says whether an acknowledgement relies on it. */
function recordedMetadata(record: (call: StoreCall) => void): MetadataStore {
  let pending: readonly Fact[] | undefined
  const send = (acknowledge: boolean): void => {
    if (pending === undefined) return
    const facts = pending
    pending = undefined
    record((store) => store.commit(facts, acknowledge))
  }
  return {
    commit(batch: Batch<never>): void {
      send(false)
      pending = batch.facts
    },
    acknowledge: () => send(true),
    sync: () => send(true),
    close(clean: boolean): Promise<void> {
      send(false)
      record((store) => store.close(clean))
      return Promise.resolve()
    },
  }
}
