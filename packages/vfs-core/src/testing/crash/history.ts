// What a session did, remembered in full: the tree after every operation, every value that every sector
// of every file has had, and what was acknowledged when. From it follows what a crash may leave.
//
// The model is plain POSIX and shares no code with the engine. Inode numbers come from the store, so
// that a file that comes back as another is noticed.

import { ROOT_INO, type Attributes, type Ino } from '../../contract/index.ts'
import { SECTOR_SIZE } from '../simulated-opfs/index.ts'
import type { Operation } from './operations.ts'
import { refusalsOf } from './refusals.ts'

/** The value of a sector from `operation` on; zeros beyond the end of the file. */
export interface Version {
  readonly operation: number
  readonly bytes: Uint8Array
  /** A truncate made it, and kept so many bytes: the others are zero once the shorter size counts. */
  readonly cutAt?: number
  /** A write that failed half-way made it: until it is synced, bytes before and after it may mix. */
  readonly torn?: boolean
}

/** The file was given another size. */
export interface Resize {
  readonly operation: number
  readonly size: number
}

export interface FileHistory {
  readonly ino: Ino
  /** The bytes the session found; zeros behind them. */
  readonly start: Uint8Array
  /** The values since, of those sectors that were given any, oldest first. */
  readonly sectors: Map<number, Version[]>
  /** Those that made it longer. */
  readonly growths: Resize[]
  /** Every size since, oldest first. */
  readonly sizes: Resize[]
  size: number
}

/**
 * What the program may rely on, and for which crash. `synced`: an fsync, sync or close has returned, and even a
 * power cut keeps it. `handed down`: the browser has it, so that the death of the tab takes nothing of it back.
 */
export interface Acknowledgement {
  readonly kind: 'synced' | 'handed down'
  /** Everything is covered as it was after this operation. */
  readonly operation: number
  /** It counts once this operation has returned: that one, or a later call by which it must have been done. */
  readonly madeIn: number
  /** The inodes whose names, modes, explicit times and sizes are covered; undefined: all. */
  readonly names: readonly Ino[] | undefined
  /** A tree from before this operation will do as well: the name that was removed was made by it. */
  readonly orBefore?: number | undefined
  /** The inodes whose bytes are covered; undefined: all. */
  readonly bytes: readonly Ino[] | undefined
  /** When, by the simulated clock. */
  readonly time: number
  /** The level of the store at that time; a power cut may take a relaxed fsync within the window. */
  readonly level: Level
  /** Relaxed: the first byte of the last page written before, from which on the file may go forward. */
  readonly forwardFrom: number
  /** For messages. */
  readonly by: string
}

export type Level = 'strict' | 'relaxed'

/** A file that replaced an acknowledged name: from then on its bytes are relied upon. */
export interface Replacement {
  readonly operation: number
  readonly ino: Ino
}

/** A name's inode, in the model. */
export interface Entry {
  readonly ino: Ino
  readonly kind: TreeEntry['kind']
  mode: number
  /** Of a symlink. */
  readonly target: string | undefined
  readonly entries: Map<string, Entry>
}

/** One name of a tree. */
export interface TreeEntry {
  readonly path: string
  readonly ino: Ino
  readonly kind: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly size: number
  readonly target: string | undefined
}

/** What a store shows when it is looked at from outside. */
export interface Observation {
  readonly entries: readonly TreeEntry[]
  readonly files: ReadonlyMap<Ino, Uint8Array>
  /** Of the root and of everything that has a name, as before it was looked at. */
  readonly attributes: ReadonlyMap<Ino, Attributes>
}

/** The times of an inode from `operation` on. */
export interface TimesVersion {
  readonly operation: number
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  /** When that operation began: it may set a time more than once on its way. */
  readonly began: number
  /** The program has set them, so that they are covered as a mode is. */
  readonly isExplicit: boolean
}

export interface HistoryOptions {
  readonly level: Level
  /** True time, in milliseconds: when the session begins. */
  readonly now: number
  /** When names were last changed that the session found; default: long ago. */
  readonly nameTimes?: ReadonlyMap<string, number> | undefined
}

export const ZERO_SECTOR: Uint8Array = new Uint8Array(SECTOR_SIZE)
const NO_BYTES: Uint8Array = new Uint8Array(0)
const PAGE = 8192
const PERMISSIONS = 0o7777
/** After this, in milliseconds, a change is handed down by the next call. */
const BUSY_MAX_MS = 5000

export class History {
  /** The tree after each operation; [0] is what the session started with. */
  readonly trees: (readonly TreeEntry[])[]
  readonly files: Map<Ino, FileHistory> = new Map()
  /** Of every inode that was ever seen, oldest first. */
  readonly times: Map<Ino, TimesVersion[]> = new Map()
  readonly acknowledgements: Acknowledgement[] = []
  readonly replacements: Replacement[] = []
  /** After each operation: the time up to which deadlines must have been kept. */
  readonly enforcedUntil: number[]
  /** When each path was last made, removed or led elsewhere, by true time. */
  readonly nameTimes: Map<string, number>
  /** The first operation that asked for anything to be kept; Infinity if none has. */
  firstSync: number = Infinity
  /** The operation that asked for an atomic first load; until the first sync nothing is to be seen of it. */
  loadBegan: number = Infinity
  #level: Level
  #isLoading = false
  // What was done earlier counts as done then: the end of a first load.
  #countsFrom: number
  readonly #began: number[]
  readonly #root: Entry
  readonly #names = new Map<Ino, number[]>()
  readonly #sizes = new Map<Ino, number[]>()
  readonly #lastWrites = new Map<Ino, number>()
  // The operation that last made a path lead where it leads, or nowhere.
  readonly #namedIn = new Map<string, number>()
  #operation = 0
  #now: number
  // By the system's clock, which times go by.
  #beganByClock: number = Infinity
  // Of the trees so far: which is which, and the first that has an inode under a path.
  readonly #treeNumbers = new Map<readonly TreeEntry[], number>()
  readonly #firstNamed = new Map<string, number>()
  #indexed = 0
  // Kept while nothing in it changes.
  #shownTree: readonly TreeEntry[] | undefined

  /** A session that starts with what was observed, all of it on storage. `root`: as it is after that. */
  constructor(
    start: Observation,
    root: Attributes,
    { level, now, nameTimes = new Map() }: HistoryOptions,
  ) {
    this.#level = level
    this.#now = now
    this.#countsFrom = now
    this.#began = [now]
    this.nameTimes = new Map(nameTimes)
    this.#root = newEntry(ROOT_INO, 'directory', root.mode)
    for (const { path, ino, kind, mode, target } of start.entries) {
      const { parent, name } = this.#locate(path)
      const known = kind === 'file' ? this.#entryOf(ino) : undefined
      parent!.entries.set(name, known ?? newEntry(ino, kind, mode & PERMISSIONS, target))
      this.#namedIn.set(path, 0)
    }
    for (const [ino, bytes] of start.files) {
      this.files.set(ino, {
        ino,
        start: bytes,
        sectors: new Map(),
        growths: [],
        sizes: [],
        size: bytes.length,
      })
    }
    for (const attributes of start.attributes.values()) this.sawTimes(attributes, false)
    this.trees = [this.#tree()]
    this.enforcedUntil = [-Infinity]
  }

  get operation(): number {
    return this.#operation
  }

  /** Between a `load` and the first sync that has succeeded. */
  get isLoading(): boolean {
    return this.#isLoading
  }

  // ---- Operations. Each is recorded when it has succeeded.

  /** `now`: true time. */
  begin(now: number): void {
    this.#operation++
    this.#now = now
    this.#beganByClock = Date.now()
    this.#began.push(now)
  }

  /** The operation is over, whether it did anything or not. */
  end(enforcedUntil: number): void {
    this.trees.push(this.#tree())
    this.enforcedUntil.push(Math.max(this.enforcedUntil.at(-1)!, enforcedUntil))
  }

  created(path: string, ino: Ino, kind: Entry['kind'], mode: number, target?: string): void {
    const { parent, name } = this.#locate(path)
    const entry = newEntry(ino, kind, mode, target)
    parent!.entries.set(name, entry)
    if (kind === 'file') {
      this.files.set(ino, {
        ino,
        start: NO_BYTES,
        sectors: new Map(),
        growths: [],
        sizes: [],
        size: 0,
      })
    }
    this.#named(path)
    this.#changed(parent!.ino, ino)
  }

  wrote(ino: Ino, bytes: Uint8Array, at: number): void {
    const file = this.files.get(ino)!
    this.#setBytes(file, bytes, at)
    if (at + bytes.length > file.size) this.#resized(file, at + bytes.length)
    this.#lastWrites.set(ino, Math.max(at, Math.floor((at + bytes.length - 1) / PAGE) * PAGE))
  }

  /**
   * A write failed: bytes that it overwrote may be old or new. `readBack` is the file as it now reads,
   * and from now on those are its bytes; undefined if it cannot be read any more.
   */
  mayHaveWritten(ino: Ino, bytes: Uint8Array, at: number, readBack: Uint8Array | undefined): void {
    const file = this.files.get(ino)!
    const before =
      readBack === undefined
        ? this.bytesAt(ino, at, bytes.length)
        : readBack.subarray(at, at + bytes.length)
    const padded = new Uint8Array(bytes.length)
    padded.set(before)
    // Behind the end, too: the file may come back as long as it was before an earlier truncate.
    for (const possible of [bytes, padded]) {
      this.#setBytes(file, possible, at)
      for (const versions of file.sectors.values()) {
        const last = versions.at(-1)!
        if (last.operation === this.#operation)
          versions[versions.length - 1] = { ...last, torn: true }
      }
    }
    this.mayHaveResized(ino, Math.max(file.size, at + bytes.length))
  }

  /**
   * What changes a size has failed. Where sizes are those of the files themselves, it may be there all the same:
   * the failure was another's, or the space that was taken for it could not be given back.
   */
  mayHaveResized(ino: Ino, size: number): void {
    const file = this.files.get(ino)!
    const operation = this.#operation
    file.sizes.push({ operation, size }, { operation, size: file.size })
  }

  /** `isAcknowledged`: it has returned, and not failed on the way down. */
  truncated(ino: Ino, size: number, isAcknowledged: boolean = true): void {
    const file = this.files.get(ino)!
    if (size === file.size) return
    const last = Math.floor(size / SECTOR_SIZE)
    for (let index = last; index * SECTOR_SIZE < file.size; index++) {
      const cutAt = Math.max(0, size - index * SECTOR_SIZE)
      const bytes = keepStart(latestSector(file, index), cutAt)
      this.#addVersion(file, index, { operation: this.#operation, bytes, cutAt })
    }
    this.#resized(file, size)
    if (size === 0 && isAcknowledged) this.#handedDown([ino], 'the truncate to 0')
  }

  chmodded(ino: Ino, mode: number): void {
    // A file that is held but has no name any more is in no tree.
    const entry = this.#entryOf(ino)
    if (entry !== undefined) entry.mode = mode & PERMISSIONS
    this.#changed(ino)
  }

  linked(from: string, to: string): void {
    const entry = this.#find(from)!
    const { parent, name } = this.#locate(to)
    parent!.entries.set(name, entry)
    this.#named(to)
    this.#changed(parent!.ino, entry.ino)
    this.#handedDown([parent!.ino, entry.ino], 'the link')
  }

  removed(path: string): void {
    const { parent, name } = this.#locate(path)
    const entry = parent!.entries.get(name)!
    parent!.entries.delete(name)
    const orBefore = this.#namedIn.get(path)
    this.#named(path)
    this.#changed(parent!.ino, entry.ino)
    this.#handedDown([parent!.ino, entry.ino], 'the removal', { orBefore })
  }

  renamed(from: string, to: string): void {
    const source = this.#locate(from)
    const target = this.#locate(to)
    const entry = source.parent!.entries.get(source.name)!
    const replaced = target.parent!.entries.get(target.name)
    if (replaced === entry) return
    if (replaced !== undefined) {
      this.#changed(replaced.ino)
      if (entry.kind === 'file' && this.#isAcknowledged(replaced.ino, target.parent!.ino)) {
        this.replacements.push({ operation: this.#operation, ino: entry.ino })
      }
    }
    this.#namedBelow(entry, from)
    source.parent!.entries.delete(source.name)
    target.parent!.entries.set(target.name, entry)
    this.#namedBelow(entry, to)
    const inos = [source.parent!.ino, target.parent!.ino, entry.ino]
    this.#changed(...inos)
    this.#handedDown(inos, 'the rename')
  }

  /** The attributes of an inode after an operation. */
  sawTimes({ ino, atime, mtime, ctime }: Attributes, isExplicit: boolean): void {
    const versions = this.times.get(ino) ?? []
    const last = versions.at(-1)
    const isSame = last?.atime === atime && last.mtime === mtime && last.ctime === ctime
    if (isSame && !isExplicit) return
    const began = this.#beganByClock
    versions.push({ operation: this.#operation, began, atime, mtime, ctime, isExplicit })
    this.times.set(ino, versions)
    if (isExplicit) this.#changed(ino)
  }

  /** An fsync, sync or close is about to be asked for. */
  askedToKeep(): void {
    this.firstSync = Math.min(this.firstSync, this.#operation)
  }

  /** It has returned. `ino`: of the file or directory synced; undefined for `sync()` and `close()`. */
  acknowledged(ino: Ino | undefined, time: number, whole: 'sync' | 'close' = 'sync'): void {
    const forwardFrom = (ino === undefined ? undefined : this.#lastWrites.get(ino)) ?? 0
    const inos = ino === undefined ? undefined : [ino]
    this.acknowledgements.push({
      kind: 'synced',
      operation: this.#operation,
      madeIn: this.#operation,
      names: inos,
      bytes: inos,
      time,
      level: this.#level,
      forwardFrom,
      by: ino === undefined ? whole : `fsync of inode ${ino}`,
    })
    if (!this.#isLoading) return
    this.#isLoading = false
    this.#countsFrom = this.#now
  }

  /** The program has let timers run for long enough since its last call. */
  wasIdle(): void {
    this.#handedDown(undefined, 'idle time')
  }

  /** The program has made a call: what is old enough is handed down by it. */
  called(): void {
    const until = this.#now - BUSY_MAX_MS
    if (this.#isLoading || until < this.#countsFrom) return
    const covered = this.#began.findLastIndex((began) => began <= until)
    this.#handedDown(undefined, 'a call after 5 s', { operation: covered })
  }

  /** From now on an fsync may be put off. */
  relaxed(): void {
    this.#level = 'relaxed'
  }

  /** The store has been opened again. */
  reopened(level: Level): void {
    this.#level = level
  }

  /** An atomic first load has been asked for. */
  loading(): void {
    if (this.#root.entries.size > 0 || this.#isLoading) return
    this.#isLoading = true
    this.loadBegan = Math.min(this.loadBegan, this.#operation)
  }

  // ---- Questions.

  /** The codes with which POSIX refuses an operation; empty if it has to succeed. */
  refusals(operation: Operation, hardLinks: boolean): ReadonlySet<string> {
    return refusalsOf(operation, hardLinks, this.#root)
  }

  /** The last operation up to `until` that changed the names, modes or explicit times of inodes, or sizes. */
  lastChange(inos: readonly Ino[] | undefined, until: number, sizes: boolean): number {
    let last = 0
    for (const changes of sizes ? [this.#names, this.#sizes] : [this.#names]) {
      const lists =
        inos === undefined ? changes.values() : inos.map((ino) => changes.get(ino) ?? [])
      for (const list of lists) {
        for (const operation of list) if (operation <= until) last = Math.max(last, operation)
      }
    }
    return last
  }

  /** The bytes of a file as the program has left them, as many as there are. */
  bytesAt(ino: Ino, at: number, length: number): Uint8Array {
    const file = this.files.get(ino)!
    const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size - at)))
    let done = 0
    while (done < bytes.length) {
      const index = Math.floor((at + done) / SECTOR_SIZE)
      const from = at + done - index * SECTOR_SIZE
      const piece = latestSector(file, index).subarray(from, from + bytes.length - done)
      bytes.set(piece, done)
      done += piece.length
    }
    return bytes
  }

  /** A path of a directory; undefined if it has been removed. */
  pathOf(directory: Ino): string | undefined {
    const search = (entry: Entry, path: string): string | undefined => {
      if (entry.ino === directory) return path
      for (const [name, child] of entry.entries) {
        const found = child.kind === 'directory' ? search(child, `${path}/${name}`) : undefined
        if (found !== undefined) return found
      }
      return undefined
    }
    return search(this.#root, '')
  }

  inoOf(path: string): Ino | undefined {
    return this.#find(path)?.ino
  }

  /** Whether this inode had this name in the session, in a tree or before it. */
  hadName(path: string, ino: Ino, until: readonly TreeEntry[]): boolean {
    for (; this.#indexed < this.trees.length; this.#indexed++) this.#index(this.#indexed)
    const first = this.#firstNamed.get(`${path} ${ino}`)
    return first !== undefined && first <= this.#treeNumbers.get(until)!
  }

  /** Whether there has ever been such a name, in an earlier session too. */
  hadPath(path: string): boolean {
    return this.#namedIn.has(path) || this.nameTimes.has(path)
  }

  /** Judges ask for names of every tree, again and again. */
  #index(number: number): void {
    const tree = this.trees[number]!
    if (this.#treeNumbers.has(tree)) return
    this.#treeNumbers.set(tree, number)
    for (const { path, ino } of tree) {
      const name = `${path} ${ino}`
      if (!this.#firstNamed.has(name)) this.#firstNamed.set(name, number)
    }
  }

  // ---- The model.

  /** Behind all bytes written before: what a journal was for is there before the journal goes. */
  #handedDown(
    names: readonly Ino[] | undefined,
    by: string,
    {
      operation = this.#operation,
      orBefore,
    }: { operation?: number; orBefore?: number | undefined } = {},
  ): void {
    if (this.#isLoading) return
    const [madeIn, time, level] = [this.#operation, this.#now, this.#level]
    const forwardFrom = 0
    this.acknowledgements.push({
      kind: 'handed down',
      operation,
      madeIn,
      names,
      orBefore,
      bytes: orBefore === 0 || orBefore === undefined ? undefined : [],
      time,
      level,
      forwardFrom,
      by,
    })
  }

  /** On storage: what is renamed over it must be there before. */
  #isAcknowledged(ino: Ino, parent: Ino): boolean {
    const named = this.lastChange([ino], this.#operation - 1, true)
    if (named === 0) return true
    return this.acknowledgements.some(
      ({ kind, operation, names }) =>
        kind === 'synced' &&
        operation >= named &&
        (names === undefined || names.includes(ino) || names.includes(parent)),
    )
  }

  #named(path: string): void {
    this.#namedIn.set(path, this.#operation)
    this.nameTimes.set(path, this.#now)
  }

  #namedBelow(entry: Entry, path: string): void {
    this.#named(path)
    for (const [name, child] of entry.entries) this.#namedBelow(child, `${path}/${name}`)
  }

  #resized(file: FileHistory, size: number): void {
    if (size > file.size) file.growths.push({ operation: this.#operation, size })
    file.sizes.push({ operation: this.#operation, size })
    file.size = size
    this.#note(this.#sizes, file.ino)
  }

  #changed(...inos: readonly Ino[]): void {
    for (const ino of inos) this.#note(this.#names, ino)
  }

  #note(changes: Map<Ino, number[]>, ino: Ino): void {
    this.#shownTree = undefined
    const list = changes.get(ino)
    if (list === undefined) changes.set(ino, [this.#operation])
    else if (list.at(-1) !== this.#operation) list.push(this.#operation)
  }

  #setBytes(file: FileHistory, bytes: Uint8Array, at: number): void {
    let done = 0
    while (done < bytes.length) {
      const position = at + done
      const index = Math.floor(position / SECTOR_SIZE)
      const start = position - index * SECTOR_SIZE
      const length = Math.min(SECTOR_SIZE - start, bytes.length - done)
      const sector = latestSector(file, index).slice()
      sector.set(bytes.subarray(done, done + length), start)
      this.#addVersion(file, index, { operation: this.#operation, bytes: sector })
      done += length
    }
  }

  #addVersion(file: FileHistory, index: number, version: Version): void {
    const versions = file.sectors.get(index)
    if (versions === undefined) file.sectors.set(index, [version])
    else versions.push(version)
  }

  #locate(path: string): { parent: Entry | undefined; name: string } {
    const parts = path.split('/').filter((part) => part !== '')
    const name = parts.pop() ?? ''
    let parent: Entry | undefined = this.#root
    for (const part of parts) parent = parent?.entries.get(part)
    return { parent, name }
  }

  #find(path: string): Entry | undefined {
    const { parent, name } = this.#locate(path)
    return name === '' ? parent : parent?.entries.get(name)
  }

  #entryOf(ino: Ino): Entry | undefined {
    const search = (directory: Entry): Entry | undefined => {
      if (directory.ino === ino) return directory
      for (const entry of directory.entries.values()) {
        const found = entry.kind === 'directory' ? search(entry) : undefined
        if (entry.ino === ino || found !== undefined) return found ?? entry
      }
      return undefined
    }
    return search(this.#root)
  }

  #tree(): readonly TreeEntry[] {
    this.#shownTree ??= this.#listTree()
    return this.#shownTree
  }

  #listTree(): TreeEntry[] {
    const entries: TreeEntry[] = []
    const list = (directory: Entry, prefix: string): void => {
      for (const [name, entry] of directory.entries) {
        const path = `${prefix}/${name}`
        const { ino, kind, mode, target } = entry
        const size = this.files.get(ino)?.size ?? 0
        entries.push({ path, ino, kind, mode, size, target })
        list(entry, path)
      }
    }
    list(this.#root, '')
    return entries
  }
}

const changedOf = new WeakMap<FileHistory, readonly number[]>()

/** The sectors that were given values, in order. */
export function changedSectors(file: FileHistory): readonly number[] {
  let changed = changedOf.get(file)
  // They only become more.
  if (changed?.length !== file.sectors.size) {
    changed = [...file.sectors.keys()].sort((a, b) => a - b)
    changedOf.set(file, changed)
  }
  return changed
}

/** A sector as the session found it. */
export function startSector({ start }: FileHistory, index: number): Uint8Array {
  const at = index * SECTOR_SIZE
  if (at >= start.length) return ZERO_SECTOR
  if (at + SECTOR_SIZE <= start.length) return start.subarray(at, at + SECTOR_SIZE)
  const sector = ZERO_SECTOR.slice()
  sector.set(start.subarray(at))
  return sector
}

/** The sector with zeros behind its first `length` bytes. */
export function keepStart(sector: Uint8Array, length: number): Uint8Array {
  if (length === 0) return ZERO_SECTOR
  const kept = ZERO_SECTOR.slice()
  kept.set(sector.subarray(0, length))
  return kept
}

function latestSector(file: FileHistory, index: number): Uint8Array {
  return file.sectors.get(index)?.at(-1)?.bytes ?? startSector(file, index)
}

function newEntry(ino: Ino, kind: Entry['kind'], mode: number, target?: string): Entry {
  return { ino, kind, mode, target, entries: new Map() }
}
