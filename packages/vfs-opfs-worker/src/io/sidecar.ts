// The sidecar log: what OPFS cannot hold, and what an open needs to find out what a crash left half-done.
// Each batch of metadata is one line. Around it lie notes: what is about to be made for it, that its files
// have been evacuated, that it has been carried out; and, once in a while, which files are being written.
//
// A session begins in the log with its first line, so one that only reads leaves a closed log closed.

import {
  decodeFact,
  encodeFact,
  VfsError,
  type Fact,
  type FactRecord,
  type Ino,
  type LineBody,
  type TwoSlotLog,
} from '@wasm-vfs/core/backend'
import type { Journal } from './journal.ts'
import { AppliedNames, departuresOf, movesOf } from './applied.ts'
import { SETTLING_MS } from './layout.ts'
import { CommittedTree, type Relocation } from './tree.ts'

export interface SidecarLine {
  /** A batch if the line has an age, otherwise a part of the image or of what an open found. */
  readonly facts?: readonly FactRecord[]
  /** How old the store was when what the line says was done: see TwoSlotLog.age. */
  readonly at?: number
  /** Frames that the journal had when the line was logged: without them it does not count. */
  readonly frames?: number
  /** What those frames say of these files is void: they lie in OPFS, or no batch has named them. */
  readonly voided?: readonly Ino[]
  /** OPFS paths of files about to be made. */
  readonly intent?: readonly string[]
  /** When, in milliseconds since the epoch, which is the clock of OPFS: what is older was not made for it. */
  readonly since?: number
  /** What the last intent announced is gone again. */
  readonly undone?: true
  /** These files lie at their places, with their content. */
  readonly made?: readonly Ino[]
  /** Nothing is in the way any more of what is to be moved. */
  readonly staged?: true
  /** Everything that lies in OPFS lies where the tree has it. */
  readonly done?: true
  /** Of the journal: what earlier turns say has reached the files. */
  readonly turn?: number
  /** Files that may hold bytes that are not on storage, until the log is closed. */
  readonly dirty?: readonly Ino[]
  /** Names of an image that have not settled, and how old the store was when they were made. */
  readonly born?: readonly (readonly [Ino, number])[]
  /** Moves that have not settled: inode, where it was before, and how old the store was. */
  readonly moved?: readonly (readonly [Ino, string, number])[]
  /** Places that files have left, and how old the store was. */
  readonly vacated?: readonly (readonly [string, number])[]
  /** When the session closed, in milliseconds since the epoch: what is newer is of other code. */
  readonly left?: number
  /** Files of an image without a file in OPFS. */
  readonly unmade?: readonly Ino[]
  /** What lies elsewhere than in the tree of an image: inode, kind, path if it has one. */
  readonly away?: readonly (readonly [Ino, Relocation['kind'], string?])[]
  /** What of the journal an image voids: inode, and how many frames do not count. */
  readonly voids?: readonly (readonly [Ino, number])[]
  /** Files that the last session used first: the next one will, too. */
  readonly hot?: readonly Ino[]
  /** Other code has changed files while the store was closed: the next open asks for all sizes. */
  readonly suspectSizes?: true
}

/** Facts in one line of an image. */
const IMAGE_LINE_FACTS = 512

export class Sidecar {
  readonly #log: TwoSlotLog<SidecarLine>
  readonly #journal: Pick<Journal, 'flush'>
  // What an open has found and no line says yet.
  #found: SidecarLine[] = []
  #begun: boolean

  /**
   * `journal` is on storage before any line that may rely on its frames is known to be. `begun`: the log has
   * just been made.
   */
  constructor(log: TwoSlotLog<SidecarLine>, journal: Pick<Journal, 'flush'>, begun: boolean) {
    this.#log = log
    this.#journal = journal
    this.#begun = begun
  }

  get seq(): number {
    return this.#log.seq
  }

  get durableSeq(): number {
    return this.#log.durableSeq
  }

  /** How long the store has been open in all, in milliseconds: what settles does so by this. */
  get age(): number {
    return this.#log.age
  }

  get begun(): boolean {
    return this.#begun
  }

  get checkpointDue(): boolean {
    return this.#log.checkpointDue
  }

  /** A line to log before anything else that this session logs, if it logs anything. */
  found(line: SidecarLine): void {
    this.#found.push(line)
    if (this.#begun) this.#logFound()
  }

  /** What an open has read of it is on storage when this returns. */
  flushLoaded(): void {
    this.#log.flushLoaded()
  }

  begin(): void {
    if (this.#begun) return
    this.#log.begin()
    this.#begun = true
    this.#logFound()
  }

  append(line: SidecarLine): void {
    this.begin()
    this.#log.append(line)
  }

  commit(facts: readonly Fact[], notes: Pick<SidecarLine, 'at' | 'frames' | 'voided'>): void {
    this.append({ facts: facts.map(encodeFact), ...notes })
  }

  /** All lines are on storage when this returns. */
  flush(): void {
    if (!this.#begun) return
    this.#journal.flush()
    this.#log.flush()
  }

  sync(): void {
    if (!this.#begun) return
    this.#journal.flush()
    this.#log.sync()
  }

  checkpoint(image: Iterable<SidecarLine>): boolean {
    this.begin()
    // An image is flushed.
    this.#journal.flush()
    return this.#log.checkpoint(image)
  }

  close(clean: boolean): void {
    this.#log.close(clean && this.#begun)
  }

  #logFound(): void {
    for (const line of this.#found) this.#log.append(line)
    this.#found = []
  }
}

/** What an image says besides the tree. */
export interface ImageNotes {
  readonly dirty: readonly Ino[]
  readonly hot: readonly Ino[]
  readonly turn: number
  readonly frames: number
  readonly voids: ReadonlyMap<Ino, number>
  readonly applied: AppliedNames
}

/** The whole state, for an image. `age`: see TwoSlotLog. */
export function* imageOf(
  tree: CommittedTree,
  notes: ImageNotes | undefined,
  age: number,
): Generator<SidecarLine> {
  let facts: FactRecord[] = []
  for (const fact of tree.facts()) {
    if (facts.push(encodeFact(fact)) < IMAGE_LINE_FACTS) continue
    yield { facts }
    facts = []
  }
  const born: [Ino, number][] = []
  for (const inode of tree.inodes.values()) {
    if (inode.born + SETTLING_MS > age) born.push([inode.ino, inode.born])
  }
  if (notes === undefined) {
    yield { facts, born }
    return
  }
  const { applied, voids, ...others } = notes
  const away = [...applied.away].map(([ino, { kind, from }]) =>
    from === undefined ? ([ino, kind] as const) : ([ino, kind, from] as const),
  )
  applied.settle(age)
  const moved = [...applied.movedFrom].map(([ino, { from, at }]) => [ino, from, at] as const)
  const vacated = [...applied.vacated]
  yield {
    facts,
    born,
    ...others,
    voids: [...voids],
    unmade: [...applied.unmade],
    away,
    ...(moved.length > 0 && { moved }),
    ...(vacated.length > 0 && { vacated }),
  }
}

export interface Intent {
  readonly paths: readonly string[]
  readonly since: number
}

const NO_INTENT: Intent = { paths: [], since: 0 }

export interface Replayed {
  readonly tree: CommittedTree
  readonly closed: boolean
  /** Where what OPFS holds lies, and what it does not hold yet. */
  readonly applied: AppliedNames
  /** Nothing is in the way of what is still to be moved. */
  readonly staged: boolean
  /** Files that were being made. */
  readonly intent: Intent
  /** The journal's turn, and how many of its frames do not count for an inode. */
  readonly turn: number
  readonly voids: Map<Ino, number>
  readonly dirty: ReadonlySet<Ino>
  /** How old the store was when the log ends. What was done less than the settling time before has not settled. */
  readonly age: number
  /** Where files were before they were moved to their places, of moves that have not settled. */
  readonly movedFrom: ReadonlyMap<Ino, string>
  /** Places that files have left, and that has not settled. */
  readonly vacated: ReadonlySet<string>
  /** When the last session closed, by the clock of OPFS. */
  readonly left: number
  readonly suspectSizes: boolean
  readonly hot: readonly Ino[]
}

/** Of a log that has just been made. */
export function nothingReplayed(tree: CommittedTree): Replayed {
  return {
    tree,
    closed: true,
    applied: new AppliedNames(),
    staged: false,
    intent: NO_INTENT,
    turn: 1,
    voids: new Map(),
    dirty: new Set(),
    age: 0,
    movedFrom: new Map(),
    vacated: new Set(),
    left: Infinity,
    suspectSizes: false,
    hot: [],
  }
}

/**
 * The first line that relies on more frames of the journal than there are; undefined if there is none. A power
 * cut can leave a line that was handed down, and not the frames before it. Frames of earlier turns are in the
 * files.
 */
export function firstUnfounded(
  lines: readonly LineBody<SidecarLine>[],
  frames: number,
): LineBody<SidecarLine> | undefined {
  const turn = lines.findLastIndex((line) => line.turn !== undefined)
  return lines.slice(Math.max(0, turn)).find((line) => (line.frames ?? 0) > frames)
}

/** The turn of the journal that the last line names. */
export function turnOf(lines: readonly SidecarLine[]): number {
  return lines.findLast((line) => line.turn !== undefined)?.turn ?? 1
}

export function replay(lines: Iterable<LineBody<SidecarLine>>, closed: boolean): Replayed {
  const tree = new CommittedTree()
  const applied = new AppliedNames()
  const dirty = new Set<Ino>()
  const voids = new Map<Ino, number>()
  let staged = false
  let intent = NO_INTENT
  let turn = 1
  let age = 0
  let suspectSizes = false
  let hot: readonly Ino[] = []
  let left = Infinity
  for (const line of lines) {
    age = Math.max(age, line.age ?? 0, line.at ?? 0)
    // A close flushes everything, and an open that was told to ask for sizes has done so.
    if (line.closed === true) dirty.clear()
    if (line.epoch !== undefined) {
      suspectSizes = false
      left = Infinity
    }
    if (line.hot !== undefined) hot = line.hot
    if (line.staged === true) staged = true
    if (line.done === true) {
      const at = line.at ?? age
      for (const { ino } of applied.relocations(tree)) markBorn(tree, ino, at)
      applied.arranged(tree, at)
      staged = false
    }
    if (line.intent !== undefined) intent = { paths: line.intent, since: line.since ?? 0 }
    if (line.undone === true || line.made !== undefined) intent = NO_INTENT
    if (line.made !== undefined) {
      applied.made(line.made)
      for (const ino of line.made) markBorn(tree, ino, line.at ?? age)
    }
    if (line.turn !== undefined) {
      turn = line.turn
      voids.clear()
    }
    for (const [ino, frames] of line.voids ?? []) voids.set(ino, frames)
    if (line.suspectSizes === true) suspectSizes = true
    for (const ino of line.dirty ?? []) dirty.add(ino)
    if (line.facts !== undefined) {
      const { relocations } = tree.apply(line.facts.map(decodeFact), line.at ?? 0)
      if (line.at === undefined) applied.found(relocations)
      else applied.committed(relocations)
    }
    for (const [ino, born] of line.born ?? []) markBorn(tree, ino, born)
    for (const [ino, from, at] of line.moved ?? []) applied.movedFrom.set(ino, { from, at })
    applied.left(line.vacated ?? [])
    if (line.left !== undefined) left = line.left
    // By frames and not by lines: after a power cut another line may have the number of one that was lost.
    for (const ino of line.voided ?? []) voids.set(ino, line.frames ?? 0)
    applied.stored(line.voided ?? [])
    for (const ino of line.unmade ?? []) applied.unmade.add(ino)
    for (const [ino, kind, from] of line.away ?? []) applied.away.set(ino, { kind, from })
  }
  tree.check()
  for (const ino of applied.unmade) {
    if (tree.inodes.has(ino)) continue
    const detail = `the log has inode ${ino} for a file that is to be made, and knows no such inode`
    throw new VfsError('EIO', 'open', { detail })
  }
  applied.settle(age)
  // What was being put in order may have been, or not.
  const relocations = applied.relocations(tree)
  const movedFrom = new Map([...applied.movedFrom].map(([ino, { from }]) => [ino, from]))
  for (const { ino, from } of movesOf(relocations)) movedFrom.set(ino, from)
  const vacated = new Set([...applied.vacated.keys(), ...departuresOf(relocations)])
  return {
    tree,
    closed,
    applied,
    staged,
    intent,
    turn,
    voids,
    dirty,
    age,
    movedFrom,
    vacated,
    left,
    suspectSizes,
    hot,
  }
}

function markBorn(tree: CommittedTree, ino: Ino, born: number): void {
  const inode = tree.inodes.get(ino)
  if (inode !== undefined) inode.born = born
}
