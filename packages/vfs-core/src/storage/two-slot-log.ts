// A log of JSON lines in two slots, which persists the metadata of backends on OPFS. A change appends
// one line. When the log has grown long, an image of the whole state goes to the other slot, which then
// is the log; there is no moment without a whole state, and no rename is needed.
//
// Relies on files whose flush is final when it fails. What a line says is its user's business.

import { VfsError } from '../contract/index.ts'
import { encodeLine, type HeaderBody, type LineBody, type LogFormat } from './chained-lines.ts'
import { encodeMark, readMark } from './close-mark.ts'
import { OpenTime } from './open-time.ts'
import { readSlot, type SlotContents } from './slot-contents.ts'

/** A file with an open handle, as a log needs it. */
export interface LogFile {
  readonly path: string
  readonly size: number
  read(into: Uint8Array, at: number): void
  write(from: Uint8Array, at: number): void
  truncate(size: number): void
  /** Everything written is on storage when this returns; free if nothing was. A failure is final. */
  flush(): void
  /** Also what a previous owner of the file wrote and did not flush. */
  flushAlways(): void
  /** Throws EIO if a flush has ever failed. */
  checkSound(): void
  close(): void
}

export interface LoadedLog<Content extends object> {
  /** In order; the image first. */
  readonly lines: readonly LineBody<Content>[]
  /** The last session closed the log, and all of it was on storage then. */
  readonly closed: boolean
}

/** What a slot that is not in use holds: nothing, the mark of a clean close, or anything else. */
type Remains = 'nothing' | 'mark' | 'older state'

/** An image is due when the log behind the last one has outgrown it, but not before this many bytes. */
const CHECKPOINT_MIN = 256 * 1024
/** It is due, too, when the last one is this old, in milliseconds, and this many bytes follow it. */
const CHECKPOINT_AGE_MS = 5 * 60_000
const CHECKPOINT_AGED_MIN = 16 * 1024

export class TwoSlotLog<Content extends object> {
  readonly #files: readonly [LogFile, LogFile]
  readonly #format: LogFormat
  #active: 0 | 1 = 0
  #generation = 0
  #openTime = new OpenTime(0)
  // Where the next line goes, what its checksum continues from, and the last sequence number.
  #end = 0
  #sum = 0
  #seq = 0
  #durableSeq = 0
  #checkpointAt = 0
  // Where the image ends, and when it was written, by the monotonic clock; of a loaded one, when it was loaded.
  #imageEnd = 0
  #imageTime = 0
  #unclosed = false
  #loaded: SlotContents<Content> | undefined
  // An older state in the other slot must be gone before the next image is relied upon.
  #other: Remains = 'nothing'

  constructor(files: readonly [LogFile, LogFile], format: LogFormat) {
    this.#files = files
    this.#format = format
  }

  /** Sequence number of the last line. */
  get seq(): number {
    return this.#seq
  }

  /** Sequence number of the last line known to be on storage. */
  get durableSeq(): number {
    return this.#durableSeq
  }

  /**
   * How long the store has been open since it was made, in milliseconds, all sessions added up. Not by the
   * system's clock, so that setting that changes nothing; after a crash it may be less than it was before,
   * by at most what has passed since the last line.
   */
  get age(): number {
    return this.#openTime.age
  }

  /** The log has outgrown its image, so it is time for a `checkpoint`. */
  get checkpointDue(): boolean {
    if (this.#end >= this.#checkpointAt) return true
    const aged = this.#end - this.#imageEnd >= CHECKPOINT_AGED_MIN
    return aged && performance.now() - this.#imageTime >= CHECKPOINT_AGE_MS
  }

  /** What the log holds; undefined if neither slot has a whole state. Throws EIO for damage. */
  load(): LoadedLog<Content> | undefined {
    const images = [this.#read(0), this.#read(1)] as const
    const [a, b] = this.#files
    const marks = [
      readMark(images[0], a.path, this.#format),
      readMark(images[1], b.path, this.#format),
    ] as const
    const read = (slot: 0 | 1): SlotContents<Content> => {
      // A mark is about the other slot; of this one it says that it is not in use.
      const bytes = marks[slot] === undefined ? images[slot] : NOTHING
      const mark = marks[otherSlot(slot)]
      return readSlot({ bytes, path: this.#files[slot].path, mark }, this.#format)
    }
    const slots = [read(0), read(1)] as const
    const newest = newerSlot(slots)
    if (newest === undefined) return undefined
    const slot = slots[newest]
    const mark = marks[otherSlot(newest)]
    // Without a mark the closing line may have been handed down and not flushed.
    const closed = slot.closed && mark?.seq === slot.seq
    this.#loaded = slot
    this.#active = newest
    this.#generation = slot.header!.generation
    this.#openTime = new OpenTime(slot.age)
    this.#end = slot.end
    this.#sum = slot.sum
    this.#seq = slot.seq
    this.#noteImage(slot.imageEnd)
    this.#unclosed = !closed
    if (mark !== undefined) this.#other = 'mark'
    else this.#other = images[otherSlot(newest)].length === 0 ? 'nothing' : 'older state'
    return { lines: slot.lines, closed }
  }

  /**
   * Takes the lines of `loaded` from `seq` on for the torn end of an append: what they rely on is not there. EIO,
   * with `detail`, if one of them had reached storage. Right after `load`; returns the lines that are left.
   */
  cutFrom(seq: number, detail: string): readonly LineBody<Content>[] {
    const { lines, ends, imageEnd, closed } = this.#loaded!
    const kept = lines.filter((line) => line.seq < seq)
    const last = ends[kept.length - 1]
    const wasStored = closed || lines.some(({ durable }) => durable >= seq)
    if (wasStored || last === undefined || last.end < imageEnd) {
      throw new VfsError('EIO', 'open', { path: this.#files[this.#active].path, detail })
    }
    this.#end = last.end
    this.#sum = last.sum
    this.#seq = seq - 1
    return kept
  }

  /**
   * What was loaded is on storage when this returns: lines of a session that did not close may be read and
   * yet be taken back by a power cut. Before anything is done that relies on them.
   */
  flushLoaded(): void {
    if (!this.#unclosed) return
    this.#files[this.#active].flushAlways()
    this.#unclosed = false
  }

  /**
   * Begins a session on a loaded state. What an interrupted append left behind is cut off, and the cut
   * is on storage before anything is appended; the new epoch makes sure that nothing of an older
   * session can follow a line of this one.
   */
  begin(): void {
    const file = this.#files[this.#active]
    this.#loaded = undefined
    file.truncate(this.#end)
    this.flushLoaded()
    file.flush()
    this.#removeOlder()
    this.#append({ epoch: newEpoch() }, true)
    this.flush()
  }

  /** Writes the first image of a new log. */
  initialize(image: Iterable<Content>): void {
    this.#openTime = new OpenTime(0)
    this.#writeImage(0, image)
  }

  /** Hands one line down. After an error the log is as before. */
  append(content: Content): void {
    this.#append(content, this.#openTime.recordDue)
  }

  /** All lines are on storage when this returns. */
  flush(): void {
    this.#files[this.#active].flush()
    this.#durableSeq = this.#seq
  }

  /** As `flush`, and no older state is on storage. */
  sync(): void {
    this.flush()
    this.#removeOlder()
  }

  /** If `clean`, marks the log as closed, on storage. Lets go of the files in any case. */
  close(clean: boolean): void {
    try {
      if (clean) {
        this.#append({ closed: true }, true)
        this.flush()
        this.#mark()
      }
    } finally {
      for (const file of this.#files) file.close()
    }
  }

  /**
   * Writes an image to the other slot and goes on there. The old slot is emptied only when the image
   * is on storage, and that before anything the image no longer mentions is reused. False if it could
   * not be written: the log then goes on where it is.
   */
  checkpoint(image: Iterable<Content>): boolean {
    try {
      this.#emptyOther()
      this.#writeImage(otherSlot(this.#active), image)
      this.#other = 'older state'
      this.#emptyOther()
      return true
    } catch (error) {
      if (!(error instanceof VfsError)) throw error
      // What was appended stays appended, so this is no failure of whoever did it: without room for an
      // image the log goes on growing. Whatever needs the old slot empty empties it first, or fails.
      this.#checkpointAt = this.#end + CHECKPOINT_MIN
      this.#imageTime = performance.now()
      return false
    }
  }

  #read(slot: 0 | 1): Uint8Array {
    const file = this.#files[slot]
    const bytes = new Uint8Array(file.size)
    file.read(bytes, 0)
    return bytes
  }

  #append(content: object, recordAge: boolean): void {
    const frame = { seq: this.#seq + 1, durable: this.#durableSeq }
    const { age } = this.#openTime
    const body = recordAge ? { ...frame, age, ...content } : { ...frame, ...content }
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
    if (recordAge) this.#openTime.recorded(age)
  }

  #writeImage(slot: 0 | 1, contents: Iterable<Content>): void {
    const file = this.#files[slot]
    const before = { sum: this.#sum, seq: this.#seq }
    const parts: Uint8Array[] = []
    const add = (content: object): void => {
      const [bytes, sum] = encodeLine({ seq: ++this.#seq, durable: 0, ...content }, this.#sum)
      this.#sum = sum
      parts.push(bytes)
    }
    const { age } = this.#openTime
    const header: Omit<HeaderBody, 'seq' | 'durable'> = {
      ...this.#format,
      generation: this.#generation + 1,
      age,
      epoch: newEpoch(),
    }
    this.#sum = 0
    add(header)
    for (const content of contents) add(content)
    add({ image: 'end' })
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
    this.#openTime.recorded(age)
    this.#active = slot
    this.#generation++
    this.#end = image.length
    this.#noteImage(image.length)
    this.#durableSeq = this.#seq
  }

  #noteImage(end: number): void {
    this.#imageEnd = end
    this.#imageTime = performance.now()
    this.#checkpointAt = end + Math.max(CHECKPOINT_MIN, end)
  }

  #removeOlder(): void {
    if (this.#other === 'older state') this.#emptyOther()
  }

  #emptyOther(): void {
    if (this.#other === 'nothing') return
    const other = this.#files[otherSlot(this.#active)]
    other.truncate(0)
    other.flush()
    this.#other = 'nothing'
  }

  /** The log is on storage and ends with its closing line. */
  #mark(): void {
    const other = this.#files[otherSlot(this.#active)]
    const mark = {
      generation: this.#generation,
      seq: this.#seq,
      end: this.#end,
      chain: this.#sum,
    }
    try {
      // One flush is enough: should a crash mix the mark with what was here, the log is the newer state.
      other.truncate(0)
      other.write(encodeMark(mark, this.#format), 0)
      other.flush()
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ENOSPC') throw error
      // All of the log is on storage. The next open will take it for one that was not closed, and flush it.
      attemptTruncate(other, 0)
    }
  }
}

function otherSlot(slot: 0 | 1): 0 | 1 {
  return slot === 0 ? 1 : 0
}

const NOTHING = new Uint8Array(0)

type AnySlot = SlotContents<object>

/**
 * The slot to go on with: of two whole ones the newer; undefined if there is none. Throws EIO if the
 * one to go on with is damaged.
 */
function newerSlot(slots: readonly [AnySlot, AnySlot]): 0 | 1 | undefined {
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
  // Only the first image of all has no whole state beside it while it is written.
  if (newest === undefined && slots.some((slot) => generationOf(slot) > 1)) {
    const detail = 'the image of the state is damaged, although it had reached storage'
    throw new VfsError('EIO', 'open', { detail })
  }
  return newest
}

/** A slot without a header is an image that was never finished, or one that was being emptied. */
function generationOf({ header }: AnySlot): number {
  return header?.generation ?? 0
}

/** Eight random bytes. Two sessions that append the same must not make the same lines. */
function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function attemptTruncate(file: LogFile, size: number): void {
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
