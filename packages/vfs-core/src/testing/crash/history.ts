// What a session did, remembered in full: the tree after every operation, every value that every sector
// of every file has had, and what was acknowledged when. From it follows what a crash may leave.
//
// The model is plain POSIX and shares no code with the engine. Inode numbers come from the store, so
// that a file that comes back as another is noticed.

import type { Ino } from '../../contract/index.ts'
import { SECTOR_SIZE } from '../simulated-opfs/index.ts'

/** The value of a sector from `operation` on; zeros beyond the end of the file. */
export interface Version {
  readonly operation: number
  readonly bytes: Uint8Array
  /** A truncate made it, and kept so many bytes: the others are zero once the shorter size counts. */
  readonly cutAt?: number
  /** A write that failed half-way made it: until it is synced, bytes before and after it may mix. */
  readonly torn?: boolean
}

/** The file became longer. */
export interface Growth {
  readonly operation: number
  readonly size: number
}

export interface FileHistory {
  readonly ino: Ino
  /** The bytes the session found; zeros behind them. */
  readonly start: Uint8Array
  /** The values since, of those sectors that were given any, oldest first. */
  readonly sectors: Map<number, Version[]>
  readonly growths: Growth[]
  size: number
}

export interface Acknowledgement {
  readonly operation: number
  /** The file or directory synced; undefined for `sync()` and `close()`. */
  readonly ino: Ino | undefined
  /** When, by the simulated clock. */
  readonly time: number
  /** The level of the store at that time; a power cut may take a relaxed fsync within the window. */
  readonly level: Level
  /** Relaxed: the first byte of the last page written before, from which on the file may go forward. */
  readonly forwardFrom: number
}

export type Level = 'strict' | 'relaxed'

/** A file that replaced an acknowledged name: from then on its bytes are relied upon. */
export interface Replacement {
  readonly operation: number
  readonly ino: Ino
}

interface Entry {
  readonly ino: Ino
  readonly kind: 'file' | 'directory' | 'symlink'
  mode: number
  /** Of a symlink's target. */
  readonly length: number
  readonly entries: Map<string, Entry>
}

/** What a store shows when it is looked at from outside. */
export interface Observation {
  /** One line for each name, sorted. */
  readonly tree: string
  readonly files: ReadonlyMap<Ino, Uint8Array>
  readonly entries: readonly ObservedEntry[]
}

export interface ObservedEntry {
  readonly path: string
  readonly ino: Ino
  readonly kind: Entry['kind']
  readonly mode: number
  readonly size: number
}

export const ZERO_SECTOR: Uint8Array = new Uint8Array(SECTOR_SIZE)
const NO_BYTES: Uint8Array = new Uint8Array(0)
const PAGE = 8192
const PERMISSIONS = 0o7777

export function treeLine(entry: ObservedEntry): string {
  const { path, ino, kind, mode, size } = entry
  return `${path} ${ino} ${kind} ${(mode & PERMISSIONS).toString(8)} ${kind === 'directory' ? 0 : size}`
}

export class History {
  /** The tree after each operation; [0] is what the session started with. */
  readonly trees: string[]
  readonly files: Map<Ino, FileHistory> = new Map()
  readonly acknowledgements: Acknowledgement[] = []
  readonly replacements: Replacement[] = []
  /** After each operation: the time up to which deadlines must have been kept. */
  readonly enforcedUntil: number[]
  /** The first operation that asked for anything to be kept; Infinity if none has. */
  firstSync: number = Infinity
  #level: Level
  readonly #root: Entry
  readonly #changes = new Map<Ino, number[]>()
  readonly #lastWrites = new Map<Ino, number>()
  #operation = 0
  // Kept while nothing in it changes.
  #shownTree: string | undefined

  /** A session that starts with what was observed, all of it on storage. */
  constructor(start: Observation, rootIno: Ino, rootMode: number, level: Level) {
    this.#level = level
    this.#root = newEntry(rootIno, 'directory', rootMode)
    for (const { path, ino, kind, mode, size } of start.entries) {
      const { parent, name } = this.#locate(path)
      const known = kind === 'file' ? this.#entryOf(ino) : undefined
      const length = kind === 'symlink' ? size : 0
      parent!.entries.set(name, known ?? newEntry(ino, kind, mode & PERMISSIONS, length))
    }
    for (const [ino, bytes] of start.files) {
      this.files.set(ino, {
        ino,
        start: bytes,
        sectors: new Map(),
        growths: [],
        size: bytes.length,
      })
    }
    this.trees = [this.#tree()]
    this.enforcedUntil = [-Infinity]
  }

  get operation(): number {
    return this.#operation
  }

  // ---- Operations. Each is recorded when it has succeeded.

  begin(): void {
    this.#operation++
  }

  /** The operation is over, whether it did anything or not. */
  end(enforcedUntil: number): void {
    this.trees.push(this.#tree())
    this.enforcedUntil.push(Math.max(this.enforcedUntil.at(-1)!, enforcedUntil))
  }

  created(path: string, ino: Ino, kind: Entry['kind'], mode: number, length: number = 0): void {
    const { parent, name } = this.#locate(path)
    const entry = newEntry(ino, kind, mode, length)
    parent!.entries.set(name, entry)
    if (kind === 'file') {
      this.files.set(ino, { ino, start: NO_BYTES, sectors: new Map(), growths: [], size: 0 })
    }
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
   * and from now on those are its bytes.
   */
  mayHaveWritten(ino: Ino, bytes: Uint8Array, at: number, readBack: Uint8Array): void {
    const file = this.files.get(ino)!
    const before = new Uint8Array(bytes.length)
    before.set(readBack.subarray(at, at + bytes.length))
    // Behind the end, too: the file may come back as long as it was before an earlier truncate.
    for (const possible of [bytes, before]) {
      this.#setBytes(file, possible, at)
      for (const versions of file.sectors.values()) {
        const last = versions.at(-1)!
        if (last.operation === this.#operation)
          versions[versions.length - 1] = { ...last, torn: true }
      }
    }
  }

  truncated(ino: Ino, size: number): void {
    const file = this.files.get(ino)!
    if (size === file.size) return
    const last = Math.floor(size / SECTOR_SIZE)
    for (let index = last; index * SECTOR_SIZE < file.size; index++) {
      const cutAt = Math.max(0, size - index * SECTOR_SIZE)
      const bytes = keepStart(latestSector(file, index), cutAt)
      this.#addVersion(file, index, { operation: this.#operation, bytes, cutAt })
    }
    this.#resized(file, size)
  }

  chmodded(ino: Ino, mode: number): void {
    // A file that is held but has no name any more is in no tree.
    const entry = this.#entryOf(ino)
    if (entry !== undefined) entry.mode = mode
    this.#changed(ino)
  }

  linked(from: string, to: string): void {
    const entry = this.#find(from)!
    const { parent, name } = this.#locate(to)
    parent!.entries.set(name, entry)
    this.#changed(parent!.ino, entry.ino)
  }

  removed(path: string): void {
    const { parent, name } = this.#locate(path)
    const entry = parent!.entries.get(name)!
    parent!.entries.delete(name)
    this.#changed(parent!.ino, entry.ino)
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
    source.parent!.entries.delete(source.name)
    target.parent!.entries.set(target.name, entry)
    this.#changed(source.parent!.ino, target.parent!.ino, entry.ino)
  }

  /** An fsync, sync or close is about to be asked for. */
  askedToKeep(): void {
    this.firstSync = Math.min(this.firstSync, this.#operation)
  }

  acknowledged(ino: Ino | undefined, time: number): void {
    const forwardFrom = (ino === undefined ? undefined : this.#lastWrites.get(ino)) ?? 0
    const [operation, level] = [this.#operation, this.#level]
    this.acknowledgements.push({ operation, ino, time, level, forwardFrom })
  }

  /** From now on an fsync may be put off. */
  relaxed(): void {
    this.#level = 'relaxed'
  }

  // ---- Questions.

  /** The last operation up to `until` that changed an inode's size, mode, names or entries. */
  lastChange(ino: Ino | undefined, until: number): number {
    let last = 0
    const lists = ino === undefined ? this.#changes.values() : [this.#changes.get(ino) ?? []]
    for (const list of lists) {
      for (const operation of list) if (operation <= until) last = Math.max(last, operation)
    }
    return last
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

  // ---- The model.

  #isAcknowledged(ino: Ino, parent: Ino): boolean {
    const named = Math.max(this.lastChange(ino, this.#operation - 1), 0)
    if (named === 0) return true
    return this.acknowledgements.some(
      (each) =>
        each.operation >= named &&
        (each.ino === undefined || each.ino === ino || each.ino === parent),
    )
  }

  #resized(file: FileHistory, size: number): void {
    if (size > file.size) file.growths.push({ operation: this.#operation, size })
    file.size = size
    this.#changed(file.ino)
  }

  #changed(...inos: readonly Ino[]): void {
    this.#shownTree = undefined
    for (const ino of inos) {
      const list = this.#changes.get(ino)
      if (list === undefined) this.#changes.set(ino, [this.#operation])
      else list.push(this.#operation)
    }
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

  #tree(): string {
    this.#shownTree ??= this.#listTree()
    return this.#shownTree
  }

  #listTree(): string {
    const lines: string[] = []
    const list = (directory: Entry, prefix: string): void => {
      for (const [name, entry] of directory.entries) {
        const path = `${prefix}/${name}`
        const { ino, kind, mode, length } = entry
        const size = this.files.get(ino)?.size ?? length
        lines.push(treeLine({ path, ino, kind, mode, size }))
        list(entry, path)
      }
    }
    list(this.#root, '')
    return lines.sort().join('\n')
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

function newEntry(ino: Ino, kind: Entry['kind'], mode: number, length: number = 0): Entry {
  return { ino, kind, mode, length, entries: new Map() }
}
