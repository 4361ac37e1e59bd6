// Where storage has each chunk: in a place of a segment, or in the log. Knows which segments a fold
// leaves, removes and makes; content.ts asks what has to move, metadata.ts writes it.
//
// A segment is never changed. A chunk that is written again gets a place in a new one, and its old place
// is dead. A segment without live places is removed; one with few is emptied by moving what lives there.

import type { Ino } from '@wasm-vfs/core/backend'
import { damaged } from './codec.ts'
import type { Change, ChunkFact } from './content.ts'
import { SEGMENT_CHUNKS, type LogRecord, type Run, type SegmentEntry } from './layout.ts'

/** What a fold does to the segments. */
export interface FoldPlan {
  /** Remove whatever is there, known or not. */
  readonly everything: boolean
  readonly removed: readonly number[]
  readonly made: readonly NewSegment[]
  readonly kept: readonly SegmentEntry[]
  readonly nextSegment: number
  /** Places in segments that are dead afterwards. */
  readonly leaving: ReadonlySet<number>
}

export interface NewSegment {
  readonly id: number
  readonly chunks: readonly ChunkFact[]
}

interface Segment {
  readonly id: number
  readonly sum: number
  /** By place, the file and the index of the chunk; ino 0 if it is dead. */
  readonly inos: Ino[]
  readonly indexes: number[]
  live: number
}

/**
 * The log is folded before it costs an opening more than this, in bytes: what a browser takes to read
 * them as small records is a tenth of a second at most.
 */
const LOG_COST_MIN = 2 * 1024 * 1024
/** What a record of the log costs besides its bytes. */
const RECORD_COST = 2048

// Where a chunk is: segment × SEGMENT_CHUNKS + place, or here.
const IN_LOG = -1
const DEAD = 0

export class Image {
  readonly #places = new Map<Ino, Map<number, number>>()
  readonly #segments = new Map<number, Segment>()
  #inLog = 0
  #logCost = 0
  #logCostMax = LOG_COST_MIN
  #nextSegment = 0
  /** A batch may have been committed or not, so that nothing is known of log and segments. */
  #unknown = false

  /** Takes over what a head of `headBytes` says. EIO if two places are for one chunk, or one place for two. */
  load(entries: readonly SegmentEntry[], nextSegment: number, headBytes: number): void {
    this.#nextSegment = nextSegment
    this.#logCostMax = Math.max(LOG_COST_MIN, headBytes)
    for (const entry of entries) {
      this.#add(entry)
      const { id, live, inos } = this.#segments.get(entry.id)!
      const places = inos.filter((ino) => ino !== DEAD).length
      if (places !== live) throw damaged(`segment ${id} has a place for two chunks`)
    }
    let [known, live] = [0, 0]
    for (const places of this.#places.values()) known += places.size
    for (const segment of this.#segments.values()) live += segment.live
    if (known !== live) throw damaged(`${live - known} chunks have two places`)
  }

  /** There is something in the log. */
  get hasLog(): boolean {
    return this.#logCost > 0
  }

  /** A batch with so many bytes of content is to be a fold and no record of the log. */
  isFoldDue(bytes: number): boolean {
    return this.#unknown || this.#logCost + bytes > this.#logCostMax
  }

  has(ino: Ino, index: number): boolean {
    return this.#places.get(ino)?.has(index) ?? false
  }

  isInLog(ino: Ino, index: number): boolean {
    return this.#places.get(ino)?.get(index) === IN_LOG
  }

  isIn(segment: number, ino: Ino, index: number): boolean {
    const place = this.#places.get(ino)?.get(index) ?? IN_LOG
    return segmentOf(place) === segment
  }

  /** Every chunk that storage has. */
  *chunks(): Generator<readonly [Ino, number]> {
    for (const [ino, places] of this.#places) for (const index of places.keys()) yield [ino, index]
  }

  /** Whether storage has chunks of the file from `from` on. */
  hasFrom(ino: Ino, from: number): boolean {
    for (const index of this.#places.get(ino)?.keys() ?? []) if (index >= from) return true
    return false
  }

  /** A batch is in the log, in these records. */
  logged(changes: readonly Change[], records: readonly LogRecord[]): void {
    for (const { bytes, facts } of records) {
      this.#logCost += bytes.length + facts.length + RECORD_COST
    }
    this.#apply(changes)
  }

  /** Nobody knows whether the last batch was committed: the next is a fold that starts from nothing. */
  lost(): void {
    this.#unknown = true
  }

  /**
   * The chunks that a fold must bring along, besides the `changes` of its batch: those in the log, and
   * those of segments with few that live; no more of the latter than the fold writes anyhow and a segment.
   */
  *movers(changes: readonly Change[]): Generator<readonly [Ino, number]> {
    const leaving = this.#replaced(changes)
    const gone = goneIn(changes)
    let budget = SEGMENT_CHUNKS + this.#inLog + changes.length
    const sparse = new Set<number>()
    const live = this.#liveAfter(leaving)
    for (const [id, count] of [...live].sort(([, a], [, b]) => a - b)) {
      if (count > SEGMENT_CHUNKS / 2 || count > budget) break
      budget -= count
      sparse.add(id)
    }
    for (const [ino, places] of this.#places) {
      for (const [index, place] of places) {
        if (gone(ino, index)) continue
        const moves = place === IN_LOG || sparse.has(segmentOf(place))
        if (this.#unknown || moves) yield [ino, index]
      }
    }
  }

  /** The fold of a batch, with the chunks that it brings along. */
  plan(changes: readonly Change[], moved: readonly ChunkFact[]): FoldPlan {
    const leaving = this.#replaced(changes)
    for (const { ino, index } of moved) {
      const place = this.#places.get(ino)?.get(index)
      if (place !== undefined && place !== IN_LOG) leaving.add(place)
    }
    const written = changes.filter((change) => change.type === 'chunk')
    const chunks = [...written, ...moved].sort((a, b) => a.ino - b.ino || a.index - b.index)
    const made: NewSegment[] = []
    let nextSegment = this.#nextSegment
    for (let at = 0; at < chunks.length; at += SEGMENT_CHUNKS) {
      made.push({ id: nextSegment++, chunks: chunks.slice(at, at + SEGMENT_CHUNKS) })
    }
    const removed: number[] = []
    const kept: SegmentEntry[] = []
    for (const [id, count] of this.#liveAfter(leaving)) {
      if (count === 0 || this.#unknown) removed.push(id)
      else kept.push(entryOf(this.#segments.get(id)!, leaving))
    }
    return { everything: this.#unknown, removed, made, kept, nextSegment, leaving }
  }

  /** The fold is committed, with a head of `headBytes`; `entries` are the segments made. */
  folded(
    plan: FoldPlan,
    changes: readonly Change[],
    entries: readonly SegmentEntry[],
    headBytes: number,
  ): void {
    this.#apply(changes)
    for (const place of plan.leaving) this.#kill(place)
    for (const id of plan.removed) this.#segments.delete(id)
    for (const entry of entries) this.#add(entry)
    this.#nextSegment = plan.nextSegment
    this.#logCost = 0
    this.#logCostMax = Math.max(LOG_COST_MIN, headBytes)
    this.#unknown = false
  }

  #apply(changes: readonly Change[]): void {
    for (const place of this.#replaced(changes)) this.#kill(place)
    for (const { type, ino, index } of changes) {
      if (type === 'cut') this.#forget(ino, (each) => each >= index)
      else if (type === 'hole') this.#forget(ino, (each) => each === index)
      else this.#set(ino, index, IN_LOG)
    }
  }

  #add({ id, chunks, sum, runs }: SegmentEntry): void {
    const inos = Array.from({ length: chunks }, () => DEAD)
    const indexes = Array.from({ length: chunks }, () => 0)
    const segment: Segment = { id, sum, inos, indexes, live: 0 }
    for (const [at, ino, index, count] of runs) {
      for (let each = 0; each < count; each++) {
        inos[at + each] = ino
        indexes[at + each] = index + each
        this.#set(ino, index + each, id * SEGMENT_CHUNKS + at + each)
        segment.live++
      }
    }
    this.#segments.set(id, segment)
  }

  #set(ino: Ino, index: number, place: number): void {
    let places = this.#places.get(ino)
    if (places === undefined) this.#places.set(ino, (places = new Map()))
    if (places.get(index) === IN_LOG) this.#inLog--
    if (place === IN_LOG) this.#inLog++
    places.set(index, place)
  }

  #forget(ino: Ino, which: (index: number) => boolean): void {
    const places = this.#places.get(ino)
    if (places === undefined) return
    for (const [index, place] of places) {
      if (!which(index)) continue
      if (place === IN_LOG) this.#inLog--
      places.delete(index)
    }
    if (places.size === 0) this.#places.delete(ino)
  }

  #kill(place: number): void {
    const segment = this.#segments.get(segmentOf(place))!
    const at = place % SEGMENT_CHUNKS
    if (segment.inos[at] === DEAD) return
    segment.inos[at] = DEAD
    segment.live--
  }

  /** The places in segments that changes make dead. */
  #replaced(changes: readonly Change[]): Set<number> {
    const replaced = new Set<number>()
    for (const { type, ino, index } of changes) {
      const places = this.#places.get(ino)
      if (places === undefined) continue
      if (type !== 'cut') {
        const place = places.get(index)
        if (place !== undefined && place !== IN_LOG) replaced.add(place)
        continue
      }
      for (const [each, place] of places) if (each >= index && place !== IN_LOG) replaced.add(place)
    }
    return replaced
  }

  /** Live places by segment, without those that are leaving. */
  #liveAfter(leaving: ReadonlySet<number>): Map<number, number> {
    const live = new Map<number, number>()
    for (const { id, live: count } of this.#segments.values()) live.set(id, count)
    for (const place of leaving) live.set(segmentOf(place), live.get(segmentOf(place))! - 1)
    return live
  }
}

/** What a new segment's entry in the head says. */
export function entryOfNew({ id, chunks }: NewSegment, sum: number): SegmentEntry {
  const inos = chunks.map(({ ino }) => ino)
  const indexes = chunks.map(({ index }) => index)
  return entryOf({ id, sum, inos, indexes, live: chunks.length }, new Set())
}

function entryOf(segment: Segment, leaving: ReadonlySet<number>): SegmentEntry {
  const { id, sum, inos, indexes } = segment
  const runs: [number, Ino, number, number][] = []
  for (let at = 0; at < inos.length; at++) {
    const [ino, index] = [inos[at]!, indexes[at]!]
    if (ino === DEAD || leaving.has(id * SEGMENT_CHUNKS + at)) continue
    const last = runs.at(-1)
    const follows =
      last !== undefined &&
      last[0] + last[3] === at &&
      last[1] === ino &&
      last[2] + last[3] === index
    if (follows) last[3]++
    else runs.push([at, ino, index, 1])
  }
  return { id, chunks: inos.length, sum, runs: runs satisfies Run[] }
}

function segmentOf(place: number): number {
  return Math.floor(place / SEGMENT_CHUNKS)
}

/** Whether changes say everything of a chunk, so that what was there before is of no use. */
function goneIn(changes: readonly Change[]): (ino: Ino, index: number) => boolean {
  const single = new Map<Ino, Set<number>>()
  const cuts = new Map<Ino, number>()
  for (const { type, ino, index } of changes) {
    if (type === 'cut') cuts.set(ino, Math.min(index, cuts.get(ino) ?? Infinity))
    else {
      let indexes = single.get(ino)
      if (indexes === undefined) single.set(ino, (indexes = new Set()))
      indexes.add(index)
    }
  }
  return (ino, index) =>
    index >= (cuts.get(ino) ?? Infinity) || single.get(ino)?.has(index) === true
}
