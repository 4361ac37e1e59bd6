// The metadata store: a log of JSON lines in two slots. A commit appends one line. When the log has
// grown long, an image of the whole tree goes to the other slot, which then is the log; there is no
// moment without a whole state, and no rename is needed.
//
// Relies on StorageFile for flushes that are final when they fail. Calls `beforeFlush` where deferred
// flushes of content must come first.

import {
  VfsError,
  type Batch,
  type DurabilityLevel,
  type Fact,
  type MetadataStore,
} from '@wasm-vfs/core/backend'
import { FORMAT, FORMAT_VERSION, STATE_FILES } from '../layout.ts'
import type { PoolFact } from '../pool/facts.ts'
import type { Counters } from '../storage/counters.ts'
import { StorageFile } from '../storage/storage-file.ts'
import { decodeFact, encodeFact, type FactRecord, type StoredFact } from './fact-codec.ts'
import {
  encodeLine,
  readSlot,
  type HeaderBody,
  type LineBody,
  type SlotContents,
} from './slot-reader.ts'

/** An image is due when the log behind the last one has outgrown it, but not before this many bytes. */
const CHECKPOINT_MIN = 256 * 1024
/** Facts in one line of an image. */
const IMAGE_LINE_FACTS = 512

export interface StateLogOptions {
  readonly directory: FileSystemDirectoryHandle
  readonly counters: Counters
  readonly level: DurabilityLevel
  /** Make missing state files; default true. */
  readonly create?: boolean
}

export class StateLog implements MetadataStore<PoolFact> {
  readonly #files: readonly [StorageFile, StorageFile]
  readonly #level: DurabilityLevel
  readonly #counters: Counters
  #active: 0 | 1 = 0
  #generation = 0
  #created = 0
  // Where the next line goes, what its checksum continues from, and the last sequence number.
  #end = 0
  #sum = 0
  #seq = 0
  #durableSeq = 0
  #checkpointAt = 0
  #unclosed = false
  // The other slot may hold something: it must be empty before the next image is relied upon.
  #otherStale = false

  private constructor(
    files: readonly [StorageFile, StorageFile],
    level: DurabilityLevel,
    counters: Counters,
  ) {
    this.#files = files
    this.#level = level
    this.#counters = counters
  }

  static async open(options: StateLogOptions): Promise<StateLog> {
    const { directory, counters, level, create = true } = options
    const first = await StorageFile.open(directory, STATE_FILES[0], { create, counters })
    try {
      const second = await StorageFile.open(directory, STATE_FILES[1], { create, counters })
      return new StateLog([first, second], level, counters)
    } catch (error) {
      first.close()
      throw error
    }
  }

  /**
   * What the store holds: facts in order, the last writer winning, and whether the last session closed
   * it. Undefined if neither slot has a whole state. Throws EIO for damage.
   */
  load(): { facts: StoredFact[]; closed: boolean } | undefined {
    const slots = [this.#read(0), this.#read(1)] as const
    const newest = newerSlot(slots)
    if (newest === undefined) return undefined
    const slot = slots[newest]
    this.#active = newest
    this.#generation = slot.header!.generation
    this.#created = slot.header!.created
    this.#end = slot.end
    this.#sum = slot.sum
    this.#seq = slot.seq
    this.#checkpointAt = nextCheckpoint(slot.imageEnd)
    this.#unclosed = !slot.closed
    this.#otherStale = slots[otherSlot(newest)].state !== 'empty'
    return { facts: slot.records.map(decodeFact), closed: slot.closed }
  }

  /**
   * Begins a session on a loaded state. What an interrupted append left behind is cut off, and the cut
   * is on storage before anything is appended; the new epoch makes sure that nothing of an older
   * session can follow a line of this one.
   */
  begin(): void {
    const file = this.#files[this.#active]
    file.truncate(this.#end)
    // Lines of a session that did not close may be read and yet not be on storage.
    if (this.#unclosed) file.flushAlways()
    this.#emptyOther()
    this.#append({ epoch: newEpoch() })
    this.flush()
  }

  /** Writes the first image of a new store. */
  initialize(snapshot: Iterable<StoredFact>): void {
    this.#created = Date.now()
    this.#writeImage(0, snapshot)
  }

  commit(batch: Batch<PoolFact>, snapshot: () => Iterable<Fact | PoolFact>): void {
    const facts = [...batch.facts, ...batch.storeFacts].map(encodeFact)
    this.#append({ facts })
    this.#counters.commits++
    if (this.#end >= this.#checkpointAt) this.#checkpoint(snapshot)
  }

  /** At the relaxed level FlushOrder sees to the flush, in its time. */
  acknowledge(): void {
    if (this.#level.current === 'strict') this.flush()
  }

  /** All committed batches are on storage when this returns. */
  flush(): void {
    this.#files[this.#active].flush()
    this.#durableSeq = this.#seq
  }

  /** As `flush`, and no older state is on storage. */
  sync(): void {
    this.flush()
    this.#emptyOther()
  }

  close(clean: boolean): Promise<void> {
    try {
      if (clean) {
        this.#append({ closed: true })
        this.flush()
      }
    } finally {
      for (const file of this.#files) file.close()
    }
    return Promise.resolve()
  }

  #read(slot: 0 | 1): SlotContents {
    const file = this.#files[slot]
    const bytes = new Uint8Array(file.size)
    file.read(bytes, 0)
    return readSlot(bytes, file.path)
  }

  #append(content: Omit<LineBody, 'seq' | 'durable'>): void {
    const body: LineBody = { seq: this.#seq + 1, durable: this.#durableSeq, ...content }
    const [bytes, sum] = encodeLine(body, this.#sum)
    const file = this.#files[this.#active]
    // An image whose flush failed can neither be relied upon nor taken back: an open might find it and
    // prefer it, so nothing is added to the older slot any more.
    this.#files[otherSlot(this.#active)].checkSound()
    try {
      file.write(bytes, this.#end)
    } catch (error) {
      // Part of the line may be in the file. The next line overwrites it, and a reader that meets the
      // rest finds no checksum that fits; but the space is wanted back.
      attemptTruncate(file, this.#end)
      throw error
    }
    this.#end += bytes.length
    this.#sum = sum
    this.#seq++
  }

  /**
   * Writes an image to the other slot and goes on there. The old slot is emptied only when the image
   * is on storage, and that before anything the image no longer mentions is reused.
   */
  #checkpoint(snapshot: () => Iterable<StoredFact>): void {
    try {
      this.#emptyOther()
      this.#writeImage(otherSlot(this.#active), snapshot())
      this.#otherStale = true
      this.#counters.checkpoints++
      this.#emptyOther()
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      // The batch is committed all the same, so this is no failure of the commit: without room for an
      // image the log goes on growing. Whatever needs the old slot empty empties it first, or fails.
      this.#checkpointAt = this.#end + CHECKPOINT_MIN
    }
  }

  #writeImage(slot: 0 | 1, snapshot: Iterable<StoredFact>): void {
    const file = this.#files[slot]
    const before = { sum: this.#sum, seq: this.#seq }
    const parts: Uint8Array[] = []
    const add = (content: object): void => {
      const [bytes, sum] = encodeLine({ seq: ++this.#seq, durable: 0, ...content }, this.#sum)
      this.#sum = sum
      parts.push(bytes)
    }
    const header: Omit<HeaderBody, 'seq' | 'durable'> = {
      format: FORMAT,
      version: FORMAT_VERSION,
      generation: this.#generation + 1,
      created: this.#created,
      epoch: newEpoch(),
    }
    this.#sum = 0
    add(header)
    let facts: FactRecord[] = []
    for (const fact of snapshot) {
      if (facts.push(encodeFact(fact)) < IMAGE_LINE_FACTS) continue
      add({ facts })
      facts = []
    }
    add({ facts, image: 'end' })
    const image = concatenate(parts)
    try {
      file.write(image, 0)
      file.flush()
    } catch (error) {
      // The present slot is still the whole state; it simply goes on growing.
      this.#sum = before.sum
      this.#seq = before.seq
      attemptTruncate(file, 0)
      throw error
    }
    this.#active = slot
    this.#generation++
    this.#end = image.length
    this.#checkpointAt = nextCheckpoint(image.length)
    this.#durableSeq = this.#seq
  }

  #emptyOther(): void {
    if (!this.#otherStale) return
    const other = this.#files[otherSlot(this.#active)]
    other.truncate(0)
    other.flush()
    this.#otherStale = false
  }
}

function nextCheckpoint(imageBytes: number): number {
  return imageBytes + Math.max(CHECKPOINT_MIN, imageBytes)
}

function otherSlot(slot: 0 | 1): 0 | 1 {
  return slot === 0 ? 1 : 0
}

/**
 * The slot to go on with: of two whole ones the newer; undefined if there is none. Throws EIO if the
 * one to go on with is damaged.
 */
function newerSlot(slots: readonly [SlotContents, SlotContents]): 0 | 1 | undefined {
  const whole = ([0, 1] as const)
    .filter((slot) => slots[slot].state === 'complete' && slots[slot].damage === undefined)
    .sort((a, b) => generationOf(slots[b]) - generationOf(slots[a]))
  const [newest] = whole
  for (const slot of slots) {
    // A power cut in the middle of a checkpoint leaves part of the new image, or part of the old slot
    // that was being emptied; either way the other slot is whole and counts.
    const counts = newest === undefined || generationOf(slot) > generationOf(slots[newest])
    if (slot.damage !== undefined && counts) throw slot.damage
  }
  return newest
}

/** A slot without a header is an image that was never finished, or one that was being emptied. */
function generationOf({ header }: SlotContents): number {
  return header?.generation ?? 0
}

/** Eight random bytes. Two sessions that append the same facts must not make the same lines. */
function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function attemptTruncate(file: StorageFile, size: number): void {
  try {
    if (file.size > size) file.truncate(size)
  } catch (error) {
    // The failure that led here is the one to report; the file itself remembers a failed flush.
    if (!(error instanceof VfsError)) throw error
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
