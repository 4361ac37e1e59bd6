// The metadata store: a batch, content included, becomes one readwrite transaction, which adds a record
// to the log or folds it. What is on storage is therefore always the whole file system as it was at some
// moment, whatever dies when.

import {
  VfsError,
  type Batch,
  type DurabilityLevel,
  type Fact,
  type MetadataStore,
} from '@wasm-vfs/core/backend'
import type { Catalogue } from './catalogue.ts'
import { encodeBatch } from './codec.ts'
import type { Connection, TransactionBody } from './connection.ts'
import type { Change, ChunkFact, ContentFact, IdbContent } from './content.ts'
import type { Counters } from './counters.ts'
import { writeFold, type Fold, type WrittenFold } from './fold.ts'
import type { Image } from './image.ts'
import { LOG } from './layout.ts'
import { markClosed, markOpen } from './session.ts'

export interface IdbMetadataOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly level: DurabilityLevel
  readonly content: IdbContent
  readonly image: Image
  readonly catalogue: Catalogue
  /** Of the next record in the log. */
  readonly sequence: number
  /** The log has records from there on, of a sync that is not whole. */
  readonly isUnfinished: boolean
}

export class IdbMetadata implements MetadataStore<ContentFact> {
  readonly #connection: Connection
  readonly #counters: Counters
  readonly #level: DurabilityLevel
  readonly #content: IdbContent
  readonly #image: Image
  #catalogue: Catalogue
  #sequence: number
  #isUnfinished: boolean
  /** Storage says that this session has begun to write. */
  #isMarked = false

  constructor(options: IdbMetadataOptions) {
    this.#connection = options.connection
    this.#counters = options.counters
    this.#level = options.level
    this.#content = options.content
    this.#image = options.image
    this.#catalogue = options.catalogue
    this.#sequence = options.sequence
    this.#isUnfinished = options.isUnfinished
  }

  async commit({ facts, storeFacts }: Batch<ContentFact>): Promise<void> {
    const changes = storeFacts.filter((fact) => fact.type !== 'fold')
    const fold = storeFacts.find((fact) => fact.type === 'fold')
    if (fold === undefined) await this.#append(facts, changes)
    else await this.#fold(facts, changes, fold.moved)
    this.#counters.commits++
  }

  acknowledge(): void {}

  sync(): void {}

  async close(clean: boolean): Promise<void> {
    try {
      if (clean) await this.#finish()
    } finally {
      this.#content.clear()
      this.#connection.close()
    }
  }

  /**
   * A store that is closed clean has nothing in its log, because segments open faster, and says where the
   * log ends. Never rejects: everything is on storage, and the next opening takes a moment longer.
   */
  async #finish(): Promise<void> {
    try {
      if (this.#image.hasLog || this.#isUnfinished) {
        await this.#fold([], [], this.#content.takeFold().moved, 'closed')
        return
      }
    } catch (error) {
      // No room, a database that was deleted, a browser that is going down. Without an answer nobody knows
      // where the log ends.
      if (error instanceof VfsError && error.code === 'ETIMEDOUT') return
    }
    try {
      if (this.#isMarked) await this.#transaction('relaxed', () => {}, 'closed')
    } catch {
      // As above.
    }
  }

  async #append(facts: readonly Fact[], content: readonly Change[]): Promise<void> {
    const records = encodeBatch(this.#sequence, { facts, content })
    const durability = this.#level.current === 'strict' ? 'strict' : 'relaxed'
    await this.#transaction(durability, (transaction) => {
      const log = transaction.objectStore(LOG)
      for (const record of records) log.put(record, record.sequence)
      this.#counters.writes += records.length
    })
    this.#sequence += records.length
    this.#image.logged(content, records)
    for (const fact of facts) this.#catalogue.apply(fact)
    for (const { bytes } of records) this.#counters.bytesWritten += bytes.length
  }

  /**
   * Strict in any case: Chromium keeps large records in files of their own, which a relaxed transaction
   * leaves to the system to write back, whenever and in whatever order. After a power cut a head could
   * then be there without its segments.
   */
  async #fold(
    facts: readonly Fact[],
    changes: readonly Change[],
    moved: readonly ChunkFact[],
    session: 'open' | 'closed' = 'open',
  ): Promise<void> {
    const catalogue = this.#catalogue.with(facts)
    const plan = this.#image.plan(changes, moved)
    const fold: Fold = { plan, catalogue, sequence: this.#sequence }
    let written: WrittenFold | undefined
    const write: TransactionBody<void> = async (transaction, progress) => {
      written = await writeFold(transaction, fold, progress)
      this.#counters.writes += plan.removed.length + plan.made.length + 2
    }
    await this.#transaction('strict', write, session)
    const { entries, headBytes, bytes } = written!
    this.#image.folded(plan, changes, entries, headBytes)
    this.#catalogue = catalogue
    this.#counters.bytesWritten += bytes
  }

  async #transaction(
    durability: IDBTransactionDurability,
    body: TransactionBody<void>,
    session: 'open' | 'closed' = 'open',
  ): Promise<void> {
    try {
      // The body may run twice, if the connection is lost: it starts from the batch alone.
      await this.#connection.transaction('readwrite', durability, (transaction, progress) => {
        if (session === 'closed') markClosed(transaction, this.#sequence)
        else if (!this.#isMarked) markOpen(transaction)
        // Before what takes its place.
        if (this.#isUnfinished) {
          transaction.objectStore(LOG).delete(IDBKeyRange.lowerBound(this.#sequence))
        }
        return body(transaction, progress)
      })
    } catch (error) {
      if (error instanceof VfsError && error.code === 'ETIMEDOUT') this.#image.lost()
      throw error
    }
    this.#isMarked = true
    this.#isUnfinished = false
  }
}
