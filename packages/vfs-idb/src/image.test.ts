// The book-keeping of segments against a model: whatever is logged and folded, each chunk is where its
// newest bytes were put, and segments do not fill up with dead places.

import { array, assert, constantFrom, integer, nat, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change, ChunkFact } from './content.ts'
import { entryOfNew, Image } from './image.ts'
import { SEGMENT_CHUNKS, type SegmentEntry } from './layout.ts'

const FILES = 3
const INDEXES = 400

/** Storage as a browser would have it, and the newest version of each chunk. */
class Model {
  readonly segments = new Map<number, readonly ChunkFact[]>()
  readonly newest = new Map<string, ChunkFact>()
  entries: readonly SegmentEntry[] = []
  image: Image = new Image()
  #nextSegment = 0

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const { ino, index } = change
      if (change.type === 'chunk') this.newest.set(`${ino}/${index}`, change)
      else if (change.type === 'hole') this.newest.delete(`${ino}/${index}`)
      else {
        for (const [key, chunk] of this.newest) {
          if (chunk.ino === ino && chunk.index >= index) this.newest.delete(key)
        }
      }
    }
  }

  log(changes: readonly Change[]): void {
    this.image.logged(changes, [])
    this.apply(changes)
  }

  fold(changes: readonly Change[]): void {
    this.apply(changes)
    const moved = [...this.image.movers(changes)].map(([ino, index]) => {
      const chunk = this.newest.get(`${ino}/${index}`)
      if (chunk === undefined)
        throw new Error(`chunk ${index} of ${ino} is to move and is not there`)
      return chunk
    })
    const plan = this.image.plan(changes, moved)
    if (plan.everything) this.segments.clear()
    for (const id of plan.removed) this.segments.delete(id)
    for (const { id, chunks } of plan.made) this.segments.set(id, chunks)
    const made = plan.made.map((segment) => entryOfNew(segment, 7))
    this.image.folded(plan, changes, made, 0)
    this.entries = [...plan.kept, ...made]
    this.#nextSegment = plan.nextSegment
  }

  /** What an opening right after a fold finds. */
  reopen(): void {
    this.image = new Image()
    this.image.load(this.entries, this.#nextSegment, 0)
  }

  /** The chunks that the segments hold, as the head says. */
  found(): Map<string, ChunkFact> {
    const found = new Map<string, ChunkFact>()
    for (const { id, runs } of this.entries) {
      for (const [at, ino, index, count] of runs) {
        for (let each = 0; each < count; each++) {
          const key = `${ino}/${index + each}`
          if (found.has(key)) throw new Error(`chunk ${key} is there twice`)
          found.set(key, this.segments.get(id)![at + each]!)
        }
      }
    }
    return found
  }

  /** Of the segments there are, and of those that the head knows. */
  ids(): [number[], number[]] {
    const ascending = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b)
    return [ascending(this.segments.keys()), ascending(this.entries.map(({ id }) => id))]
  }
}

let version = 0

const changes = array(
  record({
    type: constantFrom('chunk', 'chunk', 'hole', 'cut'),
    ino: integer({ min: 1, max: FILES }),
    index: nat(INDEXES - 1),
    count: nat(200),
  }).map(({ type, ino, index, count }): Change[] => {
    if (type !== 'chunk') return [{ type, ino, index }]
    return Array.from({ length: count }, (_, each) => {
      const bytes = new Uint8Array(new Uint32Array([++version]).buffer)
      return { type: 'chunk', ino, index: index + each, bytes }
    })
  }),
  { maxLength: 3 },
)
const step = record({ action: constantFrom('log', 'log', 'fold', 'lost', 'reopen'), changes })

/** As a content store hands them out: cuts first, and one for each chunk. */
function batchOf(groups: readonly Change[][]): Change[] {
  const all = groups.flat()
  const cuts = all.filter(({ type }) => type === 'cut')
  const single = new Map<string, Change>()
  for (const change of all) {
    if (change.type !== 'cut') single.set(`${change.ino}/${change.index}`, change)
  }
  return [...cuts, ...single.values()]
}

const chunk = (index: number): ChunkFact => ({
  type: 'chunk',
  ino: 1,
  index,
  bytes: new Uint8Array(1),
})

const chunks = (count: number): ChunkFact[] =>
  Array.from({ length: count }, (_, index) => chunk(index))

describe('an image', () => {
  it('knows where each chunk is, through logs, folds and openings', () => {
    assert(
      property(array(step, { maxLength: 12 }), changes, (steps, last) => {
        const model = new Model()
        for (const { action, changes: groups } of steps) {
          if (action === 'log') model.log(batchOf(groups))
          else {
            if (action === 'lost') model.image.lost()
            model.fold(batchOf(groups))
            if (action === 'reopen') model.reopen()
          }
        }
        model.fold(batchOf(last))
        expect(model.found()).toEqual(model.newest)
        const [there, known] = model.ids()
        expect(there).toEqual(known)
      }),
      { numRuns: 150 },
    )
  })

  it('keeps no more dead places than live ones, when pages are written at random', () => {
    const model = new Model()
    const count = 40 * SEGMENT_CHUNKS
    model.fold(chunks(count))
    expect(model.segments.size).toBe(40)
    for (let fold = 0; fold < 100; fold++) {
      model.fold(
        batchOf([
          Array.from({ length: 256 }, (_, at) => chunk((fold * 7919 + at * 104_729) % count)),
        ]),
      )
      const places = [...model.segments.values()].reduce((sum, { length }) => sum + length, 0)
      expect(places).toBeLessThanOrEqual(2 * count + 2 * SEGMENT_CHUNKS)
    }
    expect(model.found()).toEqual(model.newest)
    const [there, known] = model.ids()
    expect(there).toEqual(known)
  })

  it('moves little for a small fold, and merges what small folds leave', () => {
    const model = new Model()
    model.fold(chunks(10 * SEGMENT_CHUNKS))
    for (let fold = 0; fold < 100; fold++) {
      const moved = [...model.image.movers([chunk(fold % 5)])].length
      expect(moved).toBeLessThanOrEqual(SEGMENT_CHUNKS + 1)
      model.fold([chunk(fold % 5)])
    }
    expect(model.segments.size).toBeLessThanOrEqual(12)
    expect(model.found()).toEqual(model.newest)
    const [there, known] = model.ids()
    expect(there).toEqual(known)
  })
})
