// The content store: files in memory by chunks, and which chunks storage does not have yet. What changed
// is handed out with each batch of metadata and goes to storage in the same transaction. A chunk on its
// way there is lent: writes meanwhile go to a copy, and belong to the next batch.

import {
  ChunkedContent,
  type ContentStore,
  type Ino,
  type SpaceStatistics,
} from '@wasm-vfs/core/backend'
import type { Image } from './image.ts'
import { CHUNK_SIZE } from './layout.ts'

/** The chunk has these bytes, lent until the batch is committed or given back. */
export interface ChunkFact {
  readonly type: 'chunk'
  readonly ino: Ino
  readonly index: number
  /** At most a chunk; what is missing is zeros. */
  readonly bytes: Uint8Array
}

/** The chunk has become zeros, which need no place. */
export interface HoleFact {
  readonly type: 'hole'
  readonly ino: Ino
  readonly index: number
}

/** The file has no chunks from `index` on, but for those that the same batch adds. */
export interface CutFact {
  readonly type: 'cut'
  readonly ino: Ino
  readonly index: number
}

export type Change = ChunkFact | HoleFact | CutFact

/** The batch is to be a fold, which brings these chunks along. */
export interface FoldFact {
  readonly type: 'fold'
  readonly moved: readonly ChunkFact[]
}

export type ContentFact = Change | FoldFact

interface ChangedFile {
  /** Chunks that were written since they were last handed out. */
  readonly dirty: Set<number>
  /** Storage must forget chunks from here on; Infinity if none. */
  cutFrom: number
}

/** Most bytes of files as long as the browser gives no estimate of the space there is. */
const DEFAULT_CAPACITY = 4 * 1024 ** 3
const ESTIMATE_AGE_MAX_MS = 10_000

export class IdbContent implements ContentStore<ContentFact> {
  readonly #chunks = new ChunkedContent(DEFAULT_CAPACITY, CHUNK_SIZE)
  readonly #image: Image
  readonly #changed = new Map<Ino, ChangedFile>()
  // Of all the origin's storage; undefined without an estimate.
  #quota: number | undefined
  #estimatedAt = Number.NEGATIVE_INFINITY

  constructor(image: Image) {
    this.#image = image
  }

  attach(): void {}

  /** Takes over what storage holds of a chunk. */
  load(ino: Ino, index: number, bytes: Uint8Array): void {
    this.#chunks.load(ino, index, bytes)
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#chunks.read(ino, into, at)
  }

  write(ino: Ino, from: Uint8Array, at: number): void {
    this.#chunks.write(ino, from, at)
    const { dirty } = this.#change(ino)
    const last = Math.floor((at + from.length - 1) / CHUNK_SIZE)
    for (let index = Math.floor(at / CHUNK_SIZE); index <= last; index++) dirty.add(index)
  }

  resize(ino: Ino, size: number, newSize: number): void {
    if (newSize >= size) return
    this.#chunks.shrink(ino, newSize)
    const end = Math.ceil(newSize / CHUNK_SIZE)
    this.#cut(ino, end)
    if (newSize % CHUNK_SIZE !== 0) this.#change(ino).dirty.add(end - 1)
  }

  drop(ino: Ino): void {
    this.#chunks.drop(ino)
    this.#cut(ino, 0)
  }

  /** Only a resolved `sync()` makes durable. */
  fsync(): void {}

  /** What changed, as it is at this moment; and if the log is to be folded, what that needs besides. */
  takeFacts(): ContentFact[] {
    const changes: Change[] = []
    let bytes = 0
    for (const [ino, { dirty, cutFrom }] of this.#changed) {
      const isCut = cutFrom < Infinity && this.#image.hasFrom(ino, cutFrom)
      if (isCut) changes.push({ type: 'cut', ino, index: cutFrom })
      for (const index of dirty) {
        const chunk = this.#lend(ino, index)
        if (chunk !== undefined) {
          changes.push(chunk)
          bytes += chunk.bytes.length
        } else if (this.#image.has(ino, index)) changes.push({ type: 'hole', ino, index })
      }
    }
    this.#changed.clear()
    if (!this.#image.isFoldDue(bytes)) return changes
    return [...changes, this.#fold(changes)]
  }

  /** Everything that storage needs to have the present state without its log. Nothing is pending. */
  takeFold(): FoldFact {
    return this.#fold([])
  }

  /** Marks as changed again what a failed batch held; the bytes of the next batch are those of then. */
  returnFacts(facts: readonly ContentFact[]): void {
    this.#takeBack(facts)
    for (const fact of facts) {
      if (fact.type === 'fold') continue
      const file = this.#change(fact.ino)
      if (fact.type === 'cut') file.cutFrom = Math.min(file.cutFrom, fact.index)
      else file.dirty.add(fact.index)
    }
  }

  *snapshot(): Generator<ContentFact> {
    // This store makes its own image; see takeFacts.
  }

  prepare(): void {}

  committed({ storeFacts }: { readonly storeFacts: readonly ContentFact[] }): void {
    this.#takeBack(storeFacts)
  }

  syncAll(): void {}

  housekeeping(): Promise<void> {
    // Not awaited: the answer is late or missing in some contexts, and a sync must not wait for it.
    void this.refreshSpace()
    return Promise.resolve()
  }

  /** Asks how much may be written, if the last answer is old, so that a write can refuse in time. */
  async refreshSpace(): Promise<void> {
    const now = Date.now()
    if (now - this.#estimatedAt < ESTIMATE_AGE_MAX_MS) return
    this.#estimatedAt = now
    try {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate()
      const free = Math.max(quota - usage, 0)
      this.#quota = quota
      this.#chunks.capacity = this.#chunks.bytes + free
    } catch {
      // Without an estimate (an insecure context, Firefox at times) it is the commit that says ENOSPC.
    }
  }

  space(): SpaceStatistics {
    const { capacity, bytes } = this.#chunks
    const total = this.#quota ?? capacity
    return { total, free: Math.min(Math.max(capacity - bytes, 0), total) }
  }

  /** The metadata store is closed after this one, and folds the log, which takes the files. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  clear(): void {
    this.#chunks.clear()
    this.#changed.clear()
  }

  #change(ino: Ino): ChangedFile {
    let file = this.#changed.get(ino)
    if (file === undefined) {
      file = { dirty: new Set(), cutFrom: Infinity }
      this.#changed.set(ino, file)
    }
    return file
  }

  #cut(ino: Ino, from: number): void {
    const file = this.#change(ino)
    for (const index of file.dirty) if (index >= from) file.dirty.delete(index)
    file.cutFrom = Math.min(file.cutFrom, from)
  }

  /** Undefined for zeros. */
  #lend(ino: Ino, index: number): ChunkFact | undefined {
    const bytes = this.#chunks.lend(ino, index)
    if (bytes === undefined) return undefined
    if (!isZero(bytes)) return { type: 'chunk', ino, index, bytes }
    this.#chunks.takeBack(bytes)
    return undefined
  }

  #fold(changes: readonly Change[]): FoldFact {
    const moved: ChunkFact[] = []
    for (const [ino, index] of this.#image.movers(changes)) {
      const chunk = this.#lend(ino, index)
      if (chunk !== undefined) moved.push(chunk)
    }
    return { type: 'fold', moved }
  }

  #takeBack(facts: readonly ContentFact[]): void {
    for (const fact of facts) {
      if (fact.type === 'chunk') this.#chunks.takeBack(fact.bytes)
      else if (fact.type === 'fold') this.#takeBack(fact.moved)
    }
  }
}

function isZero(bytes: Uint8Array): boolean {
  // Most chunks of data say so in their first word; the rest is compared eight bytes at a time.
  if (bytes[0] !== 0) return false
  const words = Math.floor(bytes.length / 8)
  if (bytes.byteOffset % 8 === 0) {
    const view = new Float64Array(bytes.buffer, bytes.byteOffset, words)
    for (let at = 0; at < words; at++) {
      // -0 equals 0 and has a bit set; it is the only such number.
      if (view[at] !== 0 || Object.is(view[at], -0)) return false
    }
    return bytes.subarray(words * 8).every((byte) => byte === 0)
  }
  return bytes.every((byte) => byte === 0)
}
