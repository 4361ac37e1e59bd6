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
import { encodeBatch, partsOf } from './codec.ts'
import type { Connection, TransactionBody } from './connection.ts'
import type { Change, ChunkFact, ContentFact, IdbContent } from './content.ts'
import type { Counters } from './counters.ts'
import { writeFold, type Fold, type WrittenFold } from './fold.ts'
import type { Image } from './image.ts'
import { LOG } from './layout.ts'
import { mark, unmark, usesLevelDb } from './torn-log.ts'

export interface IdbMetadataOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly level: DurabilityLevel
  readonly content: IdbContent
  readonly image: Image
  readonly catalogue: Catalogue
  /** Of the next record in the log. */
  readonly sequence: number
}

export class IdbMetadata implements MetadataStore<ContentFact> {
  readonly #connection: Connection
  readonly #counters: Counters
  readonly #level: DurabilityLevel
  readonly #content: IdbContent
  readonly #image: Image
  #catalogue: Catalogue
  #sequence: number
  #marked = false

  constructor(options: IdbMetadataOptions) {
    this.#connection = options.connection
    this.#counters = options.counters
    this.#level = options.level
    this.#content = options.content
    this.#image = options.image
    this.#catalogue = options.catalogue
    this.#sequence = options.sequence
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

  /** A store that is closed clean has nothing in its log, because segments open faster. */
  async close(clean: boolean): Promise<void> {
    try {
      if (clean && this.#image.hasLog) await this.#foldAtClose()
      if (clean && this.#marked) await unmark(this.#connection)
    } finally {
      this.#content.clear()
      this.#connection.close()
    }
  }

  async #append(facts: readonly Fact[], content: readonly Change[]): Promise<void> {
    let next = this.#sequence
    const records = Array.from(partsOf({ facts, content }), (part) => encodeBatch(next++, part))
    const durability = this.#level.current === 'strict' ? 'strict' : 'relaxed'
    await this.#transaction(durability, (transaction) => {
      const log = transaction.objectStore(LOG)
      for (const record of records) log.put(record, record.sequence)
      this.#counters.writes += records.length
    })
    this.#sequence = next
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
  ): Promise<void> {
    const catalogue = this.#catalogue.with(facts)
    const plan = this.#image.plan(changes, moved)
    const fold: Fold = { plan, catalogue, sequence: this.#sequence }
    let written: WrittenFold | undefined
    await this.#transaction('strict', async (transaction, progress) => {
      written = await writeFold(transaction, fold, progress)
      this.#counters.writes += plan.removed.length + plan.made.length + 2
    })
    const { entries, headBytes, bytes } = written!
    this.#image.folded(plan, changes, entries, headBytes)
    this.#catalogue = catalogue
    this.#counters.bytesWritten += bytes
  }

  /** Never rejects: a log that stays costs the next opening a moment. */
  async #foldAtClose(): Promise<void> {
    const fold = this.#content.takeFold()
    try {
      await this.#fold([], [], fold.moved)
    } catch {
      // No room, a database that was deleted, a browser that is going down: everything is in the log.
    }
  }

  async #transaction(
    durability: IDBTransactionDurability,
    body: TransactionBody<void>,
  ): Promise<void> {
    try {
      // The body may run twice, if the connection is lost: it starts from the batch alone.
      await this.#connection.transaction('readwrite', durability, (transaction, progress) => {
        if (usesLevelDb && !this.#marked) mark(transaction)
        return body(transaction, progress)
      })
    } catch (error) {
      if (error instanceof VfsError && error.code === 'ETIMEDOUT') this.#image.lost()
      throw error
    }
    this.#marked = usesLevelDb
  }
}
