// Whether what a store shows after a crash is something that the crash may leave, by the promise in
// docs/durability.md. The history says what the program did, the moment says when it was cut off.

import type { Ino } from '../../contract/index.ts'
import { SECTOR_SIZE } from '../simulated-opfs/index.ts'
import {
  changedSectors,
  keepStart,
  startSector,
  ZERO_SECTOR,
  type Acknowledgement,
  type FileHistory,
  type History,
  type Observation,
  type Version,
} from './history.ts'

export type Crash = 'kill' | 'power'

export interface Moment {
  /** The operation under way, or if `done` the last one that has returned. */
  readonly operation: number
  readonly done: boolean
}

/**
 * What is wrong, in sentences; empty if nothing is. `windowMs` is how long a relaxed flush may have been
 * put off.
 */
export function judge(
  history: History,
  observed: Observation,
  moment: Moment,
  crash: Crash,
  windowMs: number,
): string[] {
  const stretches = stretchesWith(history, observed.tree, moment.operation)
  if (stretches.length === 0) return [noSuchTree(history, observed, moment)]
  // A tree may have been the same at several times. One that explains everything is enough; if none
  // does, what is wrong with the latest is the most telling.
  let problems: string[] = []
  for (const stretch of stretches) {
    problems = new Judgement(history, observed, stretch, moment, crash, windowMs).problems()
    if (problems.length === 0) return []
  }
  return problems
}

function stretchesWith({ trees }: History, tree: string, until: number): Stretch[] {
  const stretches: Stretch[] = []
  for (let operation = 0; operation <= Math.min(until, trees.length - 1); operation++) {
    if (trees[operation] !== tree) continue
    const last = stretches.at(-1)
    if (last?.latest === operation - 1) {
      stretches[stretches.length - 1] = { earliest: last.earliest, latest: operation }
    } else {
      stretches.push({ earliest: operation, latest: operation })
    }
  }
  return stretches
}

function noSuchTree({ trees }: History, { tree }: Observation, { operation }: Moment): string {
  const last = trees[Math.min(operation, trees.length - 1)]
  return `the tree was never like this:\n${tree}\nthe last was:\n${last}`
}

/** What is wrong with a store that is still open: it shows exactly what the program did. */
export function judgeOpen(history: History, observed: Observation): string[] {
  const { operation } = history
  const everything = {
    operation,
    ino: undefined,
    time: 0,
    level: 'strict',
    forwardFrom: 0,
  } as const
  history.acknowledgements.push(everything)
  const problems = judge(history, observed, { operation, done: true }, 'kill', 0)
  history.acknowledgements.pop()
  return problems.map((problem) => `while it is open: ${problem}`)
}

/** Operations after which the tree was the same: the first and the last of a run of them. */
interface Stretch {
  readonly earliest: number
  readonly latest: number
}

/** A judgement on the assumption that the metadata that is seen is that of one stretch. */
class Judgement {
  readonly #history: History
  readonly #observed: Observation
  readonly #stretch: Stretch
  readonly #until: number
  /** Acknowledged, and what they cover must be there. */
  readonly #kept: readonly Acknowledgement[]
  /** Acknowledged within the window that a power cut may take back. */
  readonly #atRisk: readonly Acknowledgement[]

  constructor(
    history: History,
    observed: Observation,
    stretch: Stretch,
    moment: Moment,
    crash: Crash,
    windowMs: number,
  ) {
    this.#history = history
    this.#observed = observed
    this.#stretch = stretch
    this.#until = moment.operation
    const returned = moment.done ? moment.operation : moment.operation - 1
    const enforced = history.enforcedUntil[Math.min(returned, history.enforcedUntil.length - 1)]!
    const mayBeLost = ({ ino, time, level }: Acknowledgement): boolean =>
      crash === 'power' && level === 'relaxed' && ino !== undefined && time + windowMs > enforced
    const made = history.acknowledgements.filter(({ operation }) => operation <= returned)
    this.#kept = made.filter((each) => !mayBeLost(each))
    this.#atRisk = made.filter((each) => mayBeLost(each))
  }

  problems(): string[] {
    return [
      ...this.#lostChanges(),
      ...this.#wrongBytes(),
      ...this.#brokenOrder(),
      ...this.#partOfFirstLoad(),
    ]
  }

  /** Names, sizes and modes: a batch commits all that is pending, so the tree is that of one moment. */
  #lostChanges(): string[] {
    const problems: string[] = []
    for (const { operation, ino } of this.#kept) {
      const needed = this.#history.lastChange(ino, operation)
      if (this.#stretch.latest >= needed) continue
      const what = ino === undefined ? 'sync' : `fsync of inode ${ino}`
      problems.push(
        `operation ${operation}, ${what}, was acknowledged, but the tree is that of operation ` +
          `${this.#stretch.latest} and lacks the change of operation ${needed}`,
      )
    }
    return problems
  }

  #wrongBytes(): string[] {
    const problems: string[] = []
    for (const [ino, bytes] of this.#observed.files) {
      const file = this.#history.files.get(ino)
      if (file === undefined) {
        problems.push(`inode ${ino} was never made`)
        continue
      }
      const since = this.#boundFor(ino)
      const wrong = this.#firstWrongSector(file, bytes, since)
      if (wrong !== undefined) problems.push(this.#describe(file, bytes, wrong, since))
    }
    return problems
  }

  /** From which operation on a value of the file's bytes is recent enough. */
  #boundFor(ino: Ino): number {
    let bound = 0
    for (const each of this.#kept) {
      if (each.ino === undefined || each.ino === ino) bound = Math.max(bound, each.operation)
    }
    for (const each of this.#history.replacements) {
      if (each.ino === ino && each.operation <= this.#stretch.earliest)
        bound = Math.max(bound, each.operation)
    }
    return bound
  }

  #firstWrongSector(file: FileHistory, bytes: Uint8Array, since: number): number | undefined {
    // Between the sectors that were given values everything is as the session found it.
    let checked = 0
    for (const index of changedSectors(file)) {
      const at = index * SECTOR_SIZE
      if (at >= bytes.length) break
      const wrong = firstDifference(file.start, bytes, checked, at)
      if (wrong !== undefined) return wrong
      if (!this.#isVersion(file, index, bytes.subarray(at, at + SECTOR_SIZE), since)) return at
      checked = at + SECTOR_SIZE
    }
    return firstDifference(file.start, bytes, checked, bytes.length)
  }

  /**
   * Whether the sector may read as `piece`. Content and size go together: a truncate that the tree
   * knows nothing of has taken no bytes, and one that it does know of has taken all of them. Only
   * where the file has grown again since may the bytes of an unknown truncate mix with its zeros,
   * because growing writes into the same place.
   */
  #isVersion(file: FileHistory, index: number, piece: Uint8Array, since: number): boolean {
    const versions = file.sectors.get(index) ?? []
    // What was written last is always possible, and nearly always what is there.
    const last = versions.findLast(({ operation }) => operation <= this.#until)
    if (last !== undefined && last.cutAt === undefined && startsWith(last.bytes, piece)) return true
    let possible = [startSector(file, index)]
    let mixed = false
    let unknownCut = SECTOR_SIZE
    for (const { operation, bytes, cutAt, torn } of versions) {
      if (operation > this.#until) break
      if (operation <= since) {
        possible = [bytes]
      } else if (cutAt === undefined) {
        // A write before an unknown truncate's end leaves what that has not taken.
        const ends = unknownCut < SECTOR_SIZE ? possible : []
        possible.push(...ends.map((end) => joined(bytes, end, unknownCut)), bytes)
        mixed ||= torn === true
      } else if (operation <= this.#stretch.latest) {
        possible = possible.map((each) => keepStart(each, cutAt))
      } else if (this.#growsOver(file, index * SECTOR_SIZE + cutAt, operation)) {
        possible.push(bytes)
        mixed = true
      } else {
        unknownCut = Math.min(unknownCut, cutAt)
      }
    }
    if (possible.some((bytes) => startsWith(bytes, piece))) return true
    return mixed && isMixOf(possible, piece)
  }

  #growsOver({ growths }: FileHistory, end: number, after: number): boolean {
    return growths.some(
      ({ operation, size }) => operation > after && operation <= this.#until && size > end,
    )
  }

  #describe(file: FileHistory, bytes: Uint8Array, at: number, since: number): string {
    const piece = bytes.subarray(at, at + SECTOR_SIZE)
    const about = `inode ${file.ino} (${bytes.length} bytes) at ${at}, relied upon since operation ${since}: `
    if (startsWith(ZERO_SECTOR, piece)) return `${about}zeros`
    for (const each of this.#history.files.values()) {
      for (const [index, versions] of each.sectors) {
        const found = versions.find((version) => startsWith(version.bytes, piece))
        if (found === undefined) continue
        return `${about}the bytes of inode ${each.ino} at ${index * SECTOR_SIZE} since operation ${found.operation}`
      }
      for (let from = 0; from < each.start.length; from += SECTOR_SIZE) {
        if (!startsWith(startSector(each, from / SECTOR_SIZE), piece)) continue
        return `${about}the bytes that inode ${each.ino} began with at ${from}`
      }
    }
    return `${about}bytes that were never whole in any file: ${piece.subarray(0, 8).join(' ')} …`
  }

  /**
   * An fsync whose flush was put off is performed before anything written after it goes down: where it
   * is lost, nothing later may be there, except where its own file only went forward.
   */
  #brokenOrder(): string[] {
    for (const fsync of this.#atRisk) {
      if (this.#holds(fsync)) continue
      const later = this.#evidenceAfter(fsync)
      if (later === undefined) continue
      return [`operation ${fsync.operation}, fsync of inode ${fsync.ino}, is lost, but ${later}`]
    }
    return []
  }

  #holds({ operation, ino }: Acknowledgement): boolean {
    if (this.#stretch.latest < this.#history.lastChange(ino, operation)) return false
    const bytes = this.#observed.files.get(ino!)
    if (bytes === undefined) return true
    return this.#firstWrongSector(this.#history.files.get(ino!)!, bytes, operation) === undefined
  }

  #evidenceAfter(fsync: Acknowledgement): string | undefined {
    if (this.#stretch.earliest > fsync.operation) {
      return `the tree is that of operation ${this.#stretch.earliest}`
    }
    for (const [ino, bytes] of this.#observed.files) {
      const file = this.#history.files.get(ino)!
      for (const [index, versions] of file.sectors) {
        const at = index * SECTOR_SIZE
        if (at >= bytes.length) continue
        if (ino === fsync.ino && at + SECTOR_SIZE > fsync.forwardFrom) continue
        const piece = bytes.subarray(at, at + SECTOR_SIZE)
        if (startsWith(startSector(file, index), piece)) continue
        const first = firstOperationWith(versions, piece)
        if (first <= fsync.operation) continue
        return `inode ${ino} has at ${at} what operation ${first} wrote`
      }
    }
    return undefined
  }

  /** Until something was first asked to be kept, a crash leaves what the session began with. */
  #partOfFirstLoad(): string[] {
    if (this.#until >= this.#history.firstSync || this.#kept.length > 0) return []
    if (this.#stretch.earliest === 0) return []
    return [`nothing was synced yet, but the tree is that of operation ${this.#stretch.earliest}`]
  }
}

/** The first operation after which the sector may have read as `piece`. */
function firstOperationWith(versions: readonly Version[], piece: Uint8Array): number {
  if (startsWith(ZERO_SECTOR, piece)) return 0
  return versions.find(({ bytes }) => startsWith(bytes, piece))?.operation ?? 0
}

/** `end` with the first `length` bytes of `start`. */
function joined(start: Uint8Array, end: Uint8Array, length: number): Uint8Array {
  const sector = end.slice()
  sector.set(start.subarray(0, length))
  return sector
}

/** Each byte is that of one of the versions. */
function isMixOf(versions: readonly Uint8Array[], piece: Uint8Array): boolean {
  return piece.every((byte, at) => versions.some((bytes) => bytes[at] === byte))
}

function startsWith(bytes: Uint8Array, piece: Uint8Array): boolean {
  return firstUnequal(piece, bytes) === undefined
}

const zeros = new Uint8Array(64 * 1024)

/** The first sector of [from, to) in which `bytes` is not `start`, or not zero behind its end. */
function firstDifference(
  start: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): number | undefined {
  let at = from
  while (at < to) {
    const inside = at < start.length
    const end = inside ? Math.min(to, start.length) : Math.min(to, at + zeros.length)
    const expected = inside ? start.subarray(at, end) : zeros.subarray(0, end - at)
    const actual = bytes.subarray(at, end)
    const wrong = firstUnequal(expected, actual)
    if (wrong !== undefined) return Math.floor((at + wrong) / SECTOR_SIZE) * SECTOR_SIZE
    at = end
  }
  return undefined
}

// Node compares long ranges many times faster than a loop does.
const native = (globalThis as { Buffer?: { compare(a: Uint8Array, b: Uint8Array): number } }).Buffer
const LONG = 2048

/** The first place where `a` differs from `b`, which is no shorter. */
function firstUnequal(a: Uint8Array, b: Uint8Array): number | undefined {
  if (a.length >= LONG && native?.compare(a, b.subarray(0, a.length)) === 0) return undefined
  // Four bytes at once, wherever they are aligned.
  const words = ((a.byteOffset | b.byteOffset) & 3) === 0 ? a.length >>> 2 : 0
  const wordsOfA = new Int32Array(a.buffer, words === 0 ? 0 : a.byteOffset, words)
  const wordsOfB = new Int32Array(b.buffer, words === 0 ? 0 : b.byteOffset, words)
  let word = 0
  while (word < words && wordsOfA[word] === wordsOfB[word]) word++
  for (let at = word * 4; at < a.length; at++) if (a[at] !== b[at]) return at
  return undefined
}
