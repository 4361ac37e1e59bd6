// The sidecar log: what OPFS cannot hold, and what an open needs to find out what a crash left half-done.
// Each batch of metadata is one line. Around it lie notes: what is about to be made for it, that its files
// have been evacuated, that it has been carried out; and, once in a while, which files are being written.
//
// A session begins in the log with its first line, so one that only reads leaves a closed log closed.

import {
  decodeFact,
  encodeFact,
  type Fact,
  type FactRecord,
  type Ino,
  type LineBody,
  type TwoSlotLog,
} from '@wasm-vfs/core/backend'
import { SETTLING_MS, stagingPath } from './layout.ts'
import { CommittedTree, type Relocation } from './tree.ts'

export interface SidecarLine {
  /** A batch if the line has a time, otherwise a part of the image or of what an open found. */
  readonly facts?: readonly FactRecord[]
  /** Milliseconds since the epoch. */
  readonly time?: number
  /** OPFS paths about to be made for the next batch, directories with a slash behind them. */
  readonly intent?: readonly string[]
  /** When, in milliseconds since the epoch: what is older was not made for it. */
  readonly since?: number
  /** What the last intent announced is gone again. */
  readonly undone?: true
  /** The last batch's evacuations are done. */
  readonly staged?: true
  /** The last batch before this line has been carried out. */
  readonly done?: true
  /** Files that may hold bytes that are not on storage, until the log is closed. */
  readonly dirty?: readonly Ino[]
  /** Names of an image that have not settled, and when they were made. */
  readonly born?: readonly (readonly [Ino, number])[]
  /** Files that the last session used first: the next one will, too. */
  readonly hot?: readonly Ino[]
  /** Other code has changed files while the store was closed: the next open asks for all sizes. */
  readonly suspectSizes?: true
}

/** Facts in one line of an image. */
const IMAGE_LINE_FACTS = 512

export class Sidecar {
  readonly #log: TwoSlotLog<SidecarLine>
  // What an open has found and no line says yet.
  #found: readonly Fact[] = []
  #begun: boolean
  // A batch has been carried out, which the next line says.
  #done = false

  /** `begun`: the log has just been made. */
  constructor(log: TwoSlotLog<SidecarLine>, begun: boolean) {
    this.#log = log
    this.#begun = begun
  }

  get seq(): number {
    return this.#log.seq
  }

  get durableSeq(): number {
    return this.#log.durableSeq
  }

  get begun(): boolean {
    return this.#begun
  }

  get checkpointDue(): boolean {
    return this.#log.checkpointDue
  }

  /** Facts to log before anything else that this session logs, if it logs anything. */
  setFound(facts: readonly Fact[]): void {
    this.#found = facts
    if (this.#begun) this.#logFound()
  }

  begin(): void {
    if (this.#begun) return
    this.#log.begin()
    this.#begun = true
    this.#logFound()
  }

  append(line: SidecarLine): void {
    this.begin()
    this.#log.append(this.#done ? { done: true, ...line } : line)
    this.#done = false
  }

  commit(facts: readonly Fact[], time: number): void {
    this.append({ time, facts: facts.map(encodeFact) })
  }

  carriedOut(): void {
    this.#done = true
  }

  /** All lines are on storage when this returns. */
  flush(): void {
    if (this.#begun) this.#log.flush()
  }

  sync(): void {
    if (this.#begun) this.#log.sync()
  }

  checkpoint(image: Iterable<SidecarLine>): boolean {
    this.begin()
    if (!this.#log.checkpoint(image)) return false
    this.#done = false
    return true
  }

  close(clean: boolean): void {
    try {
      if (clean && this.#done) this.append({})
    } catch (error) {
      this.#log.close(false)
      throw error
    }
    this.#log.close(clean && this.#begun)
  }

  #logFound(): void {
    if (this.#found.length > 0) this.#log.append({ facts: this.#found.map(encodeFact) })
    this.#found = []
  }
}

/** The whole state, for an image. */
export function* imageOf(
  tree: CommittedTree,
  notes: Pick<SidecarLine, 'dirty' | 'hot'>,
  now: number,
): Generator<SidecarLine> {
  let facts: FactRecord[] = []
  for (const fact of tree.facts()) {
    if (facts.push(encodeFact(fact)) < IMAGE_LINE_FACTS) continue
    yield { facts }
    facts = []
  }
  const born: [Ino, number][] = []
  for (const inode of tree.inodes.values()) {
    if (inode.born + SETTLING_MS > now) born.push([inode.ino, inode.born])
  }
  yield { facts, born, ...notes }
}

/** A batch that may not have been carried out. */
export interface PendingBatch {
  readonly relocations: readonly Relocation[]
  readonly staged: boolean
}

export interface Intent {
  readonly paths: readonly string[]
  readonly since: number
}

const NO_INTENT: Intent = { paths: [], since: 0 }

export interface Replayed {
  readonly tree: CommittedTree
  readonly closed: boolean
  readonly pending: PendingBatch | undefined
  /** What was being made for a batch that never came. */
  readonly intent: Intent
  readonly dirty: ReadonlySet<Ino>
  /** Of the last batch. */
  readonly time: number
  /** Where files were before they were moved to their places, of moves that have not settled. */
  readonly movedFrom: ReadonlyMap<Ino, string>
  /** Places that files have left, and that has not settled. */
  readonly vacated: ReadonlySet<string>
  readonly suspectSizes: boolean
  readonly hot: readonly Ino[]
}

/** Of a log that has just been made. */
export function nothingReplayed(tree: CommittedTree, time: number): Replayed {
  return {
    tree,
    closed: true,
    pending: undefined,
    intent: NO_INTENT,
    dirty: new Set(),
    time,
    movedFrom: new Map(),
    vacated: new Set(),
    suspectSizes: false,
    hot: [],
  }
}

export function replay(lines: Iterable<LineBody<SidecarLine>>, closed: boolean): Replayed {
  const tree = new CommittedTree()
  const moves: { ino: Ino; from: string; time: number }[] = []
  const departures: { path: string; time: number }[] = []
  const dirty = new Set<Ino>()
  let pending: PendingBatch | undefined
  let intent = NO_INTENT
  let time = 0
  let suspectSizes = false
  let hot: readonly Ino[] = []
  for (const line of lines) {
    // A close flushes everything, and an open that was told to ask for sizes has done so.
    if (line.closed === true) dirty.clear()
    if (line.epoch !== undefined) suspectSizes = false
    if (line.hot !== undefined) hot = line.hot
    if (line.done === true) pending = undefined
    if (line.staged === true && pending !== undefined) pending = { ...pending, staged: true }
    if (line.intent !== undefined) intent = { paths: line.intent, since: line.since ?? 0 }
    if (line.undone === true) intent = NO_INTENT
    if (line.suspectSizes === true) suspectSizes = true
    for (const ino of line.dirty ?? []) dirty.add(ino)
    if (line.facts === undefined) continue
    const { relocations } = tree.apply(line.facts.map(decodeFact), line.time ?? 0)
    for (const [ino, born] of line.born ?? []) {
      const inode = tree.inodes.get(ino)
      if (inode !== undefined) inode.born = born
    }
    if (line.time === undefined) continue
    intent = NO_INTENT
    time = line.time
    pending = { relocations, staged: false }
    for (const move of movesOf(relocations)) moves.push({ ...move, time })
    for (const path of departuresOf(relocations)) departures.push({ path, time })
  }
  const isUnsettled = (event: { time: number }): boolean => event.time + SETTLING_MS > time
  const movedFrom = new Map(moves.filter(isUnsettled).map(({ ino, from }) => [ino, from]))
  const vacated = new Set(departures.filter(isUnsettled).map(({ path }) => path))
  return { tree, closed, pending, intent, dirty, time, movedFrom, vacated, suspectSizes, hot }
}

/** Places that files leave. */
export function departuresOf(relocations: readonly Relocation[]): string[] {
  return relocations.flatMap(({ kind, from }) => (kind === 'file' && from) || [])
}

/** Files that were moved to their places; new ones are, where something else was in the way. */
function movesOf(relocations: readonly Relocation[]): { ino: Ino; from: string }[] {
  const leaving = new Set(departuresOf(relocations))
  return relocations.flatMap(({ ino, kind, from, to }) => {
    if (kind === 'directory' || to === undefined) return []
    if (from === undefined && !leaving.has(to)) return []
    return [{ ino, from: from ?? stagingPath(ino) }]
  })
}
