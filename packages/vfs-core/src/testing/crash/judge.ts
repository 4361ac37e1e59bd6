// Whether what a store shows after a crash is something that the crash may leave, by the promise in
// docs/durability.md. The history says what the program did, the moment says when it was cut off.

import { ROOT_INO, type Ino } from '../../contract/index.ts'
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
  type TimesVersion,
  type TreeEntry,
  type Version,
} from './history.ts'
import { missingNames, type TreeStrategy } from './strategies.ts'

export type Crash = 'kill' | 'power'

export interface Moment {
  /** The operation under way, or if `done` the last one that has returned. */
  readonly operation: number
  readonly done: boolean
}

/** What has happened to a store, and how it may look because of it. */
export interface Circumstances {
  readonly moment: Moment
  readonly crash: Crash
  /** How long a relaxed flush may have been put off. */
  readonly windowMs: number
  /** Where the power has never failed, `withoutPowerCut`. */
  readonly strategy: TreeStrategy
  /** After a power cut: paths that the open has reported as missing. */
  readonly missing?: readonly string[] | undefined
}

/** What is wrong, in sentences; empty if nothing is. */
export function judge(
  history: History,
  observed: Observation,
  circumstances: Circumstances,
): string[] {
  const stretches = stretchesWith(history, observed, circumstances)
  if (stretches.length === 0) return [noSuchTree(history, observed, circumstances)]
  // A tree may have been the same at several times. One that explains everything is enough; if none
  // does, what is wrong with the latest is the most telling.
  let problems: string[] = []
  for (const stretch of stretches) {
    problems = new Judgement(history, observed, stretch, circumstances).problems()
    if (problems.length === 0) return []
  }
  return problems
}

const described = new WeakMap<readonly TreeEntry[], Map<TreeStrategy, string>>()

function describe(strategy: TreeStrategy, entries: readonly TreeEntry[]): string {
  const known = described.get(entries) ?? new Map<TreeStrategy, string>()
  const text = known.get(strategy) ?? strategy.describe(entries)
  described.set(entries, known.set(strategy, text))
  return text
}

function stretchesWith(
  history: History,
  observed: Observation,
  { moment, strategy, missing = [] }: Circumstances,
): Stretch[] {
  const stretches: Stretch[] = []
  const loss = { history, isMissing: missingNames(missing) }
  const isAsShown = (tree: readonly TreeEntry[]): boolean =>
    describe(strategy, tree) === describe(strategy, observed.entries) ||
    strategy.mayBeLeftOf?.(observed.entries, tree, loss) === true
  for (
    let operation = 0;
    operation <= Math.min(moment.operation, history.trees.length - 1);
    operation++
  ) {
    const last = stretches.at(-1)
    const isSame = history.trees[operation] === history.trees[operation - 1]
    if (
      !(isSame && operation > 0
        ? last?.latest === operation - 1
        : isAsShown(history.trees[operation]!))
    )
      continue
    if (last?.latest === operation - 1) {
      stretches[stretches.length - 1] = { earliest: last.earliest, latest: operation }
    } else {
      stretches.push({ earliest: operation, latest: operation })
    }
  }
  return stretches
}

function noSuchTree(
  { trees }: History,
  { entries }: Observation,
  { moment, strategy, missing = [] }: Circumstances,
): string {
  const last = trees[Math.min(moment.operation, trees.length - 1)]!
  const reported = missing.length === 0 ? '' : `\nreported as missing: ${missing.join(', ')}`
  return `the tree was never like this:\n${strategy.describe(entries)}\nthe last was:\n${strategy.describe(last)}${reported}`
}

/** What is wrong with a store that is still open: it shows exactly what the program did. */
export function judgeOpen(
  history: History,
  observed: Observation,
  strategy: TreeStrategy,
): string[] {
  const { operation } = history
  const everything: Acknowledgement = {
    kind: 'synced',
    operation,
    madeIn: operation,
    names: undefined,
    bytes: undefined,
    time: 0,
    level: 'strict',
    forwardFrom: 0,
    by: 'an open store',
  }
  history.acknowledgements.push(everything)
  const moment = { operation, done: true }
  const problems = judge(history, observed, { moment, crash: 'kill', windowMs: 0, strategy })
  history.acknowledgements.pop()
  return problems.map((problem) => `while it is open: ${problem}`)
}

/** What of a history counts at a moment. */
export function acknowledgedAt(
  { acknowledgements }: History,
  { operation, done }: Moment,
): Acknowledgement[] {
  const returned = done ? operation : operation - 1
  return acknowledgements.filter(({ madeIn }) => madeIn <= returned)
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
  readonly #strategy: TreeStrategy
  readonly #mayHaveStrangers: boolean
  readonly #missing: readonly string[]
  /** The inodes of the tree that is seen, but for names that are missing. */
  #held: ReadonlySet<Ino> | undefined
  /** Acknowledged, and what they cover must be there. */
  readonly #kept: readonly Acknowledgement[]
  /** Acknowledged within the window that a power cut may take back. */
  readonly #atRisk: readonly Acknowledgement[]

  constructor(
    history: History,
    observed: Observation,
    stretch: Stretch,
    { moment, crash, windowMs, strategy, missing = [] }: Circumstances,
  ) {
    this.#history = history
    this.#observed = observed
    this.#stretch = stretch
    this.#strategy = strategy
    this.#missing = missing
    this.#mayHaveStrangers = strategy.mayBeLeftOf !== undefined
    this.#until = moment.operation
    const returned = moment.done ? moment.operation : moment.operation - 1
    const enforced = history.enforcedUntil[Math.min(returned, history.enforcedUntil.length - 1)]!
    const mayBeLost = ({ names, by, time, level }: Acknowledgement): boolean => {
      if (crash !== 'power' || level !== 'relaxed' || time + windowMs <= enforced) return false
      return names !== undefined || (by === 'sync' && strategy.putsOffSyncs === true)
    }
    const made = acknowledgedAt(history, moment).filter(
      ({ kind }) => crash === 'kill' || kind === 'synced',
    )
    this.#kept = made.filter((each) => !mayBeLost(each))
    this.#atRisk = made.filter((each) => mayBeLost(each))
  }

  problems(): string[] {
    return [
      ...this.#lostChanges(),
      ...this.#wrongBytes(),
      ...this.#wrongTimes(),
      ...this.#brokenOrder(),
      ...this.#partOfFirstLoad(),
    ]
  }

  /** Names and modes, and sizes if they go with them: a batch commits all that is pending. */
  #lostChanges(): string[] {
    const problems: string[] = []
    for (const acknowledgement of this.#kept) {
      const { operation, names, orBefore, by } = acknowledgement
      const needed = this.#neededBy(acknowledgement)
      if (this.#stretch.latest >= needed) continue
      if (orBefore !== undefined && this.#stretch.latest < orBefore) continue
      problems.push(
        `${by} up to operation ${operation} was acknowledged${names === undefined ? ' for everything' : ''}, ` +
          `but the tree is that of operation ${this.#stretch.latest} and lacks the change of operation ${needed}`,
      )
    }
    return problems
  }

  #neededBy({ operation, names }: Acknowledgement): number {
    return this.#history.lastChange(names, operation, this.#strategy.sizes === 'with the names')
  }

  /** Each time is one that the inode has had, not older than what was acknowledged. */
  #wrongTimes(): string[] {
    const problems: string[] = []
    for (const [ino, shown] of this.#observed.attributes) {
      const versions = this.#history.times.get(ino)
      if (versions === undefined || this.#isStranger(ino)) continue
      const { explicit, moved } = this.#timesBound(ino, versions)
      const had = versions.filter(({ operation }) => operation <= this.#until)
      const since = (bound: number): TimesVersion[] => had.filter((_, index) => index >= bound)
      for (const key of ['mtime', 'ctime'] as const) {
        if (since(moved).some((version) => mayShow(version, key, shown[key]))) continue
        const had = since(moved).map((version) => version[key])
        if (this.#isFilesOwn(shown[key], had)) continue
        problems.push(
          `inode ${ino} has the ${key} ${shown[key]}, and should have ${had.join(' or ')}`,
        )
      }
      // Whoever looks at a store moves access times to what the clock says then.
      if (since(explicit).some(({ atime }) => atime === shown.atime)) continue
      if (Math.abs(shown.atime - Date.now()) < CLOCK_OFF_MS) continue
      problems.push(`inode ${ino} has the atime ${shown.atime}`)
    }
    return problems
  }

  /** A file that keeps its own size, or one that other code has put there, may have its own time as well. */
  #isFilesOwn(time: number, had: readonly number[]): boolean {
    return this.#strategy.sizes === 'file by file' && time >= Math.min(...had) && time <= Date.now()
  }

  /** The oldest versions of an inode's times that may be seen: set explicitly, or moved by what it did. */
  #timesBound(
    ino: Ino,
    versions: readonly TimesVersion[],
  ): { readonly explicit: number; readonly moved: number } {
    let [explicit, moved] = [0, 0]
    for (const { kind, operation, names } of this.#kept) {
      if (names !== undefined && !names.includes(ino)) continue
      const set = versions.findLastIndex((each) => each.isExplicit && each.operation <= operation)
      explicit = Math.max(explicit, set)
      // Times that moved by themselves are committed by a sync.
      if (names !== undefined || kind !== 'synced') continue
      moved = Math.max(
        moved,
        versions.findLastIndex((each) => each.operation <= operation),
      )
    }
    return { explicit, moved: Math.max(explicit, moved) }
  }

  /** By the strategy, a power cut has brought it back, or it lies where a name is missing. */
  #isStranger(ino: Ino): boolean {
    if (!this.#mayHaveStrangers) return false
    const tree = this.#history.trees[this.#stretch.latest]!
    this.#held ??= inosOf(tree, missingNames(this.#missing))
    return ino !== ROOT_INO && !this.#held.has(ino)
  }

  #wrongBytes(): string[] {
    const problems: string[] = []
    for (const [ino, bytes] of this.#observed.files) {
      if (this.#isStranger(ino)) continue
      const file = this.#history.files.get(ino)
      if (file === undefined) {
        problems.push(`inode ${ino} was never made`)
        continue
      }
      const since = this.#boundFor(ino)
      if (!this.#isSize(file, bytes.length, since)) {
        problems.push(
          `inode ${ino} has ${bytes.length} bytes, relied upon since operation ${since}`,
        )
        continue
      }
      const wrong = this.#firstWrongSector(file, bytes, since)
      if (wrong !== undefined) problems.push(this.#describe(file, bytes, wrong, since))
    }
    return problems
  }

  /** From which operation on a value of the file's bytes is recent enough. */
  #boundFor(ino: Ino): number {
    let bound = 0
    for (const { bytes, operation } of this.#kept) {
      if (bytes === undefined || bytes.includes(ino)) bound = Math.max(bound, operation)
    }
    for (const each of this.#history.replacements) {
      if (each.ino === ino && each.operation <= this.#stretch.earliest)
        bound = Math.max(bound, each.operation)
    }
    return bound
  }

  /** Where sizes go with the names, the tree has been compared with them. */
  #isSize({ start, sizes }: FileHistory, size: number, since: number): boolean {
    if (this.#strategy.sizes === 'with the names') return true
    let possible = [start.length]
    for (const version of sizes) {
      if (version.operation > this.#until) break
      if (version.operation <= since) possible = [version.size]
      else possible.push(version.size)
    }
    return possible.includes(size)
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
   * Whether the sector may read as `piece`. Where sizes go with the names, content and size go together: a truncate that the tree
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
      } else if (this.#strategy.sizes === 'file by file') {
        possible.push(bytes)
        mixed ||= torn === true
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
      return [`operation ${fsync.operation}, ${fsync.by}, is lost, but ${later}`]
    }
    return []
  }

  #holds(fsync: Acknowledgement): boolean {
    if (this.#stretch.latest < this.#neededBy(fsync)) return false
    return (fsync.bytes ?? [...this.#observed.files.keys()]).every((ino) => {
      const bytes = this.#observed.files.get(ino)
      const file = this.#history.files.get(ino)
      if (bytes === undefined || file === undefined || this.#isStranger(ino)) return true
      if (!this.#isSize(file, bytes.length, fsync.operation)) return false
      return this.#firstWrongSector(file, bytes, fsync.operation) === undefined
    })
  }

  #evidenceAfter(fsync: Acknowledgement): string | undefined {
    if (this.#stretch.earliest > fsync.operation) {
      return `the tree is that of operation ${this.#stretch.earliest}`
    }
    for (const [ino, bytes] of this.#observed.files) {
      const file = this.#history.files.get(ino)
      if (file === undefined || this.#isStranger(ino)) continue
      for (const [index, versions] of file.sectors) {
        const at = index * SECTOR_SIZE
        if (at >= bytes.length) continue
        if (fsync.bytes?.includes(ino) === true && at + SECTOR_SIZE > fsync.forwardFrom) continue
        const piece = bytes.subarray(at, at + SECTOR_SIZE)
        if (startsWith(startSector(file, index), piece)) continue
        const first = firstOperationWith(versions, piece)
        if (first <= fsync.operation) continue
        return `inode ${ino} has at ${at} what operation ${first} wrote`
      }
    }
    return undefined
  }

  /** Between the program's asking for an atomic first load and its first sync, a crash leaves nothing. */
  #partOfFirstLoad(): string[] {
    const { loadBegan, firstSync } = this.#history
    if (loadBegan > this.#until || this.#until >= firstSync) return []
    if (this.#observed.entries.length === 0) return []
    return ['nothing was synced yet, but there is a part of the first load']
  }
}

function inosOf(
  tree: readonly TreeEntry[],
  isMissing: (entry: TreeEntry) => boolean,
): ReadonlySet<Ino> {
  return new Set(tree.flatMap((entry) => (isMissing(entry) ? [] : entry.ino)))
}

function mayShow(version: TimesVersion, key: 'mtime' | 'ctime', time: number): boolean {
  return time === version[key] || (time >= version.began && time < version[key])
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

/** How far the clock may be off, and how long a session may take, in milliseconds. */
const CLOCK_OFF_MS = 86_400_000

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
