// The metadata store: a batch, content included, becomes one readwrite transaction. What is on storage
// is therefore always the whole file system as it was at some moment, whatever dies when.

import type { Batch, DurabilityLevel, Fact, MetadataStore } from '@wasm-vfs/core/backend'
import type { Connection } from './connection.ts'
import type { ContentFact } from './content.ts'
import type { Counters } from './counters.ts'
import {
  CHUNKS,
  chunksFrom,
  ENTRIES,
  INODES,
  STATE,
  TREE,
  type ChunkRecord,
  type EntryRecord,
  type InodeRecord,
  type StateRecord,
} from './layout.ts'
import { resultOf } from './waiting.ts'

export interface IdbMetadataOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly level: DurabilityLevel
  /** Above the order of every entry in storage. */
  readonly nextOrder: number
}

/**
 * Content handed to the browser before one of its answers is awaited, in bytes: what a large batch may
 * have in flight between the page and the browser's storage process.
 */
const SLICE_BYTES = 8 * 1024 * 1024

export class IdbMetadata implements MetadataStore<ContentFact> {
  readonly #connection: Connection
  readonly #counters: Counters
  readonly #level: DurabilityLevel
  #nextOrder: number

  constructor({ connection, counters, level, nextOrder }: IdbMetadataOptions) {
    this.#connection = connection
    this.#counters = counters
    this.#level = level
    this.#nextOrder = nextOrder
  }

  async commit({ facts, storeFacts }: Batch<ContentFact>): Promise<void> {
    const firstOrder = this.#nextOrder
    this.#nextOrder += facts.length
    const durability = this.#level.current === 'strict' ? 'strict' : 'relaxed'
    // The body may run twice, if the connection is lost: it starts from the batch alone.
    await this.#connection.transaction('readwrite', durability, async (transaction, progress) => {
      putFacts(transaction, facts, firstOrder)
      await putContent(transaction, storeFacts, progress)
      this.#counters.writes += facts.length + storeFacts.length
    })
    this.#counters.commits++
    for (const fact of storeFacts) {
      if (fact.type === 'chunk') this.#counters.bytesWritten += fact.bytes.length
    }
  }

  acknowledge(): void {}

  sync(): void {}

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }
}

function putFacts(transaction: IDBTransaction, facts: readonly Fact[], firstOrder: number): void {
  const inodes = transaction.objectStore(INODES)
  const entries = transaction.objectStore(ENTRIES)
  let order = firstOrder
  for (const fact of facts) {
    switch (fact.type) {
      case 'inode': {
        const { ino, mode, size, atime, mtime, ctime, target } = fact
        const record = { ino, mode, size, atime, mtime, ctime }
        inodes.put((target === undefined ? record : { ...record, target }) satisfies InodeRecord)
        break
      }
      case 'drop':
        inodes.delete(fact.ino)
        break
      case 'entry': {
        const { parent, name, ino } = fact
        entries.put({ parent, name, ino, order: order++ } satisfies EntryRecord)
        break
      }
      case 'remove':
        entries.delete([fact.parent, fact.name])
        break
      case 'next': {
        const record: StateRecord = { key: TREE, nextIno: fact.ino }
        transaction.objectStore(STATE).put(record)
        break
      }
    }
  }
}

async function putContent(
  transaction: IDBTransaction,
  facts: readonly ContentFact[],
  progress: () => void,
): Promise<void> {
  const chunks = transaction.objectStore(CHUNKS)
  // A file that was cut and then grew has its new chunks in the same batch.
  for (const fact of facts) {
    if (fact.type === 'cut') chunks.delete(chunksFrom(fact.ino, fact.index))
  }
  let inFlight = 0
  for (const fact of facts) {
    if (fact.type === 'hole') chunks.delete([fact.ino, fact.index])
    if (fact.type !== 'chunk') continue
    const { ino, index, bytes } = fact
    const request = chunks.put({ ino, index, bytes } satisfies ChunkRecord)
    inFlight += bytes.length
    if (inFlight < SLICE_BYTES) continue
    await resultOf(request)
    progress()
    inFlight = 0
  }
}
