// The content store: files in memory by chunks, and which chunks storage does not have yet. What changed
// is handed out with each batch of metadata and goes to storage in the same transaction. A chunk on its
// way there is lent: writes meanwhile go to a copy, and belong to the next batch.

import {
  ChunkedContent,
  type ContentStore,
  type Ino,
  type SpaceStatistics,
} from '@wasm-vfs/core/backend'

/** The chunk has these bytes, lent until the batch is committed or given back. */
export interface ChunkFact {
  readonly type: 'chunk'
  readonly ino: Ino
  readonly index: number
  readonly bytes: Uint8Array
}

/** The chunk has become zeros, which need no record. */
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

export type ContentFact = ChunkFact | HoleFact | CutFact

interface TrackedFile {
  /** Chunks that were written since they were last handed out. */
  readonly dirty: Set<number>
  /** Chunks that storage may have a record of: those it has, and those on their way. */
  readonly stored: Set<number>
  /** Storage must remove records from here on; Infinity if none. */
  cutFrom: number
  /** Records in storage once everything that was handed out is there. */
  records: number
}

/** Most bytes of files as long as the browser gives no estimate of the space there is. */
const DEFAULT_CAPACITY = 4 * 1024 ** 3
const ESTIMATE_AGE_MAX_MS = 10_000

export class IdbContent implements ContentStore<ContentFact> {
  readonly #chunks: ChunkedContent
  readonly #chunkSize: number
  readonly #files = new Map<Ino, TrackedFile>()
  // Exactly the files that have dirty chunks or a cut.
  readonly #changed = new Set<Ino>()
  // Of all the origin's storage; undefined without an estimate.
  #quota: number | undefined
  #estimatedAt = Number.NEGATIVE_INFINITY

  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize
    this.#chunks = new ChunkedContent(DEFAULT_CAPACITY, chunkSize)
  }

  attach(): void {}

  /** Takes over what storage holds of a chunk. */
  load(ino: Ino, index: number, bytes: Uint8Array): void {
    this.#chunks.load(ino, index, bytes)
    const file = this.#track(ino)
    file.stored.add(index)
    file.records++
  }

  /** Records that storage has of a file once the last batch that was handed out is there. */
  recordsOf(ino: Ino): number {
    return this.#files.get(ino)?.records ?? 0
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#chunks.read(ino, into, at)
  }

  write(ino: Ino, from: Uint8Array, at: number): void {
    this.#chunks.write(ino, from, at)
    const { dirty } = this.#track(ino)
    const last = Math.floor((at + from.length - 1) / this.#chunkSize)
    for (let index = Math.floor(at / this.#chunkSize); index <= last; index++) dirty.add(index)
    this.#changed.add(ino)
  }

  resize(ino: Ino, size: number, newSize: number): void {
    const file = this.#files.get(ino)
    if (newSize >= size || file === undefined) return
    this.#chunks.shrink(ino, newSize)
    const end = Math.ceil(newSize / this.#chunkSize)
    if (newSize % this.#chunkSize !== 0) file.dirty.add(end - 1)
    this.#cut(file, end)
    this.#update(ino, file)
  }

  drop(ino: Ino): void {
    const file = this.#files.get(ino)
    if (file === undefined) return
    this.#chunks.drop(ino)
    this.#cut(file, 0)
    this.#update(ino, file)
  }

  /** Only a resolved `sync()` makes durable. */
  fsync(): void {}

  /** What changed, as it is at this moment. */
  takeFacts(): ContentFact[] {
    const facts: ContentFact[] = []
    for (const ino of this.#changed) {
      const file = this.#files.get(ino)!
      if (file.cutFrom < Infinity) facts.push({ type: 'cut', ino, index: file.cutFrom })
      file.cutFrom = Infinity
      for (const index of file.dirty) {
        const bytes = this.#chunks.lend(ino, index)
        if (bytes !== undefined && !isZero(bytes)) {
          file.stored.add(index)
          facts.push({ type: 'chunk', ino, index, bytes })
          continue
        }
        if (bytes !== undefined) this.#chunks.takeBack(bytes)
        if (file.stored.delete(index)) facts.push({ type: 'hole', ino, index })
      }
      file.dirty.clear()
      file.records = file.stored.size
      if (file.records === 0) this.#files.delete(ino)
    }
    this.#changed.clear()
    return facts
  }

  /** Marks as changed again what a failed batch held; the bytes of the next batch are those of then. */
  returnFacts(facts: readonly ContentFact[]): void {
    this.#takeBack(facts)
    for (const fact of facts) {
      const file = this.#track(fact.ino)
      if (fact.type === 'cut') file.cutFrom = Math.min(file.cutFrom, fact.index)
      else {
        file.stored.add(fact.index)
        file.dirty.add(fact.index)
      }
      this.#changed.add(fact.ino)
    }
  }

  *snapshot(): Generator<ContentFact> {
    // This store writes no images of everything.
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

  close(): Promise<void> {
    this.#chunks.clear()
    this.#files.clear()
    this.#changed.clear()
    return Promise.resolve()
  }

  #track(ino: Ino): TrackedFile {
    let file = this.#files.get(ino)
    if (file === undefined) {
      file = { dirty: new Set(), stored: new Set(), cutFrom: Infinity, records: 0 }
      this.#files.set(ino, file)
    }
    return file
  }

  #cut(file: TrackedFile, from: number): void {
    for (const index of file.dirty) if (index >= from) file.dirty.delete(index)
    for (const index of file.stored) {
      if (index < from) continue
      file.stored.delete(index)
      file.cutFrom = Math.min(file.cutFrom, from)
    }
  }

  #update(ino: Ino, file: TrackedFile): void {
    if (file.dirty.size > 0 || file.cutFrom < Infinity) this.#changed.add(ino)
    else {
      this.#changed.delete(ino)
      if (file.stored.size === 0) this.#files.delete(ino)
    }
  }

  #takeBack(facts: readonly ContentFact[]): void {
    for (const fact of facts) if (fact.type === 'chunk') this.#chunks.takeBack(fact.bytes)
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
