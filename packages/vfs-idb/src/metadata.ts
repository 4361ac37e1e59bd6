// The metadata store: a batch, content included, becomes one readwrite transaction. What is on storage
// is therefore always the whole file system as it was at some moment, whatever dies when.

import type { Batch, DurabilityLevel, Fact, Ino, MetadataStore } from '@wasm-vfs/core/backend'
import { checksumOf } from './checksum.ts'
import type { Connection } from './connection.ts'
import type { ContentFact } from './content.ts'
import type { Counters } from './counters.ts'
import { CHUNKS, chunksFrom, ENTRIES, INODES, STATE, type ChunkRecord } from './layout.ts'
import { entryKey, entryRecord, inodeRecord, treeRecord } from './records.ts'
import { mark, unmark, usesLevelDb } from './torn-log.ts'
import { resultOf } from './waiting.ts'

export interface IdbMetadataOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly level: DurabilityLevel
  readonly records: StoredRecords
  /** The records of a file's content in storage once the present batch is. */
  readonly chunksOf: (ino: Ino) => number
}

/** What storage has besides content, as far as a commit needs to know it. */
export interface StoredRecords {
  readonly inodes: Set<Ino>
  /** As `entryKey` says. */
  readonly entries: Set<string>
  nextIno: Ino
  /** Above the order of every entry. */
  nextOrder: number
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
  readonly #chunksOf: (ino: Ino) => number
  readonly #stored: StoredRecords
  #marked = false

  constructor({ connection, counters, level, records, chunksOf }: IdbMetadataOptions) {
    this.#connection = connection
    this.#counters = counters
    this.#level = level
    this.#chunksOf = chunksOf
    this.#stored = records
  }

  async commit({ facts, storeFacts }: Batch<ContentFact>): Promise<void> {
    const stored = this.#stored
    const firstOrder = stored.nextOrder
    stored.nextOrder += facts.length
    const durability = this.#level.current === 'strict' ? 'strict' : 'relaxed'
    const counts = countsAfter(stored, facts)
    // The body may run twice, if the connection is lost: it starts from the batch alone.
    await this.#connection.transaction('readwrite', durability, async (transaction, progress) => {
      if (usesLevelDb && !this.#marked) mark(transaction)
      this.#putFacts(transaction, facts, firstOrder)
      if (counts !== undefined) transaction.objectStore(STATE).put(treeRecord(counts))
      await putContent(transaction, storeFacts, progress)
      this.#counters.writes += facts.length + storeFacts.length
    })
    this.#counters.commits++
    this.#marked = usesLevelDb
    applyTo(stored, facts)
    for (const fact of storeFacts) {
      if (fact.type === 'chunk') this.#counters.bytesWritten += fact.bytes.length
    }
  }

  acknowledge(): void {}

  sync(): void {}

  async close(clean: boolean): Promise<void> {
    if (clean && this.#marked) await unmark(this.#connection)
    this.#connection.close()
  }

  #putFacts(transaction: IDBTransaction, facts: readonly Fact[], firstOrder: number): void {
    const inodes = transaction.objectStore(INODES)
    const entries = transaction.objectStore(ENTRIES)
    let order = firstOrder
    for (const fact of facts) {
      switch (fact.type) {
        case 'inode':
          inodes.put(inodeRecord(fact, this.#chunksOf(fact.ino)))
          break
        case 'drop':
          inodes.delete(fact.ino)
          break
        case 'entry':
          entries.put(entryRecord(fact, order++))
          break
        case 'remove':
          entries.delete([fact.parent, fact.name])
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
    const sum = checksumOf(bytes, ino, index)
    const request = chunks.put({ ino, index, bytes, sum } satisfies ChunkRecord)
    inFlight += bytes.length
    if (inFlight < SLICE_BYTES) continue
    await resultOf(request)
    progress()
    inFlight = 0
  }
}

/** What the record of the tree must say after a batch; undefined if it stays. */
function countsAfter(
  stored: StoredRecords,
  facts: readonly Fact[],
): { nextIno: Ino; inodes: number; entries: number } | undefined {
  // Only records that come or go count, and a batch has one fact for each.
  let [inodes, entries, nextIno] = [stored.inodes.size, stored.entries.size, stored.nextIno]
  for (const fact of facts) {
    if (fact.type === 'next') nextIno = fact.ino
    else if (fact.type === 'inode') inodes += stored.inodes.has(fact.ino) ? 0 : 1
    else if (fact.type === 'drop') inodes -= stored.inodes.has(fact.ino) ? 1 : 0
    else {
      const there = stored.entries.has(entryKey(fact.parent, fact.name))
      if (fact.type === 'entry') entries += there ? 0 : 1
      else entries -= there ? 1 : 0
    }
  }
  const {
    inodes: { size },
    entries: { size: names },
  } = stored
  if (inodes === size && entries === names && nextIno === stored.nextIno) return undefined
  return { nextIno, inodes, entries }
}

function applyTo(stored: StoredRecords, facts: readonly Fact[]): void {
  for (const fact of facts) {
    if (fact.type === 'next') stored.nextIno = fact.ino
    else if (fact.type === 'inode') stored.inodes.add(fact.ino)
    else if (fact.type === 'drop') stored.inodes.delete(fact.ino)
    else if (fact.type === 'entry') stored.entries.add(entryKey(fact.parent, fact.name))
    else stored.entries.delete(entryKey(fact.parent, fact.name))
  }
}
