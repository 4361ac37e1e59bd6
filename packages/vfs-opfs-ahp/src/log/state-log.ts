// The metadata store: batches of facts, each one line of a log in two slots, and images of the whole
// tree. How the lines reach storage and what an open makes of a torn one is the log's business.

import {
  TwoSlotLog,
  VfsError,
  type Batch,
  type DurabilityLevel,
  type Fact,
  type FactRecord,
  type MetadataStore,
} from '@wasm-vfs/core/backend'
import { FORMAT, FORMAT_VERSION, STATE_FILES } from '../layout.ts'
import type { Slot } from '../pool/buddy.ts'
import type { PoolFact } from '../pool/facts.ts'
import type { Counters } from '../storage/counters.ts'
import { StorageFile } from '../storage/storage-file.ts'
import { decodeSlot, decodeStoredFact, encodeStoredFact, type StoredFact } from './fact-codec.ts'

/** Facts in one line of an image. */
const IMAGE_LINE_FACTS = 512

/** A committed batch, or a part of the image. */
export interface StateLine {
  readonly facts?: readonly FactRecord[]
  /** In the last line before a clean close: free space of the pack that is not zero, [offset, size]. */
  readonly stale?: readonly (readonly [offset: number, size: number])[]
}

/** What the store holds. */
export interface LoadedState {
  /** In order, the last writer winning. */
  readonly facts: readonly StoredFact[]
  /** The last session closed the store. */
  readonly closed: boolean
  /** If so: free space of the pack that it left as it was. All other free space is zero. */
  readonly stale: readonly Slot[]
}

/** Puts off the flush of the log at the relaxed level, and performs it in its time: pool/flush-order.ts. */
export interface LogOrder {
  deferLog(log: { flush(): void }): void
}

export interface StateLogOptions {
  readonly directory: FileSystemDirectoryHandle
  readonly counters: Counters
  readonly level: DurabilityLevel
  readonly order: LogOrder
  /** Make missing state files; default true. */
  readonly create?: boolean
}

export class StateLog implements MetadataStore<PoolFact> {
  readonly #log: TwoSlotLog<StateLine>
  readonly #level: DurabilityLevel
  readonly #order: LogOrder
  readonly #counters: Counters
  #stale: readonly Slot[] = []

  private constructor(log: TwoSlotLog<StateLine>, { level, order, counters }: StateLogOptions) {
    this.#log = log
    this.#level = level
    this.#order = order
    this.#counters = counters
  }

  static async open(options: StateLogOptions): Promise<StateLog> {
    const { directory, counters, create = true } = options
    const open = (name: string): Promise<StorageFile> =>
      StorageFile.open(directory, name, { create, counters })
    const [first, second] = await Promise.allSettled(STATE_FILES.map(open))
    if (first?.status === 'fulfilled' && second?.status === 'fulfilled') {
      const format = { format: FORMAT, version: FORMAT_VERSION }
      return new StateLog(new TwoSlotLog([first.value, second.value], format), options)
    }
    for (const slot of [first, second]) if (slot?.status === 'fulfilled') slot.value.close()
    throw first?.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason
  }

  /** How long the store has been open since it was made, in milliseconds, by the monotonic clock. */
  get age(): number {
    return this.#log.age
  }

  /** Undefined if neither slot has a whole state. Throws EIO for damage. */
  load(): LoadedState | undefined {
    const loaded = this.#log.load()
    if (loaded === undefined) return undefined
    const facts = loaded.lines.flatMap(({ facts }) => list(facts).map(decodeStoredFact))
    const stale = loaded.closed ? list(loaded.lines.at(-2)?.stale).map(decodeSlot) : []
    return { facts, closed: loaded.closed, stale }
  }

  /** Begins a session on a loaded state. */
  begin(): void {
    this.#log.begin()
  }

  /** Writes the first image of a new store. */
  initialize(snapshot: Iterable<StoredFact>): void {
    this.#log.initialize(imageLines(snapshot))
  }

  commit(batch: Batch<PoolFact>, snapshot: () => Iterable<Fact | PoolFact>): void {
    this.#log.append({ facts: [...batch.facts, ...batch.storeFacts].map(encodeStoredFact) })
    this.#counters.commits++
    if (!this.#log.checkpointDue) return
    if (this.#log.checkpoint(imageLines(snapshot()))) this.#counters.checkpoints++
  }

  acknowledge(): void {
    if (this.#level.current === 'strict') this.flush()
    // Batches may have been handed down before the store became relaxed, and nothing was put off for those.
    else this.#order.deferLog(this)
  }

  /** All committed batches are on storage when this returns. */
  flush(): void {
    this.#log.flush()
  }

  /** As `flush`, and no older state is on storage. */
  sync(): void {
    this.#log.sync()
  }

  /** What the mark of a clean close is to say of the pack's free space. */
  leaveStale(slots: readonly Slot[]): void {
    this.#stale = slots
  }

  close(clean: boolean): Promise<void> {
    try {
      // Without this line the mark would call that space zero.
      if (clean && this.#stale.length > 0) {
        this.#log.append({ stale: this.#stale.map(({ offset, size }) => [offset, size]) })
      }
    } catch (error) {
      this.#log.close(false)
      throw error
    }
    this.#log.close(clean)
    return Promise.resolve()
  }
}

/** What a line may have a list of. Throws EIO for anything else. */
function list(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw new VfsError('EIO', 'open', {
    detail: `the state has ${JSON.stringify(value)?.slice(0, 80)} where a list belongs`,
  })
}

function* imageLines(snapshot: Iterable<StoredFact>): Generator<StateLine> {
  let facts: FactRecord[] = []
  for (const fact of snapshot) {
    if (facts.push(encodeStoredFact(fact)) < IMAGE_LINE_FACTS) continue
    yield { facts }
    facts = []
  }
  yield { facts }
}
