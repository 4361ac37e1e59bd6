// Small files in memory, whole: those that OPFS does not have yet, and those whose last changes it does not
// have. Pages that have changed since the journal has them, and since the file has them, are remembered.
//
// A file is in one of these states, and goes through them in this order, again and again:
//   changed     pages of it are in no journal; an fsync or a batch appends them
//   journalled  a crash brings it back; its file in OPFS is older, or there is none yet
//   landed      as its file; kept to be read and changed, until the memory is wanted

import { ChunkedContent, type Ino } from '@wasm-vfs/core/backend'
import type { Extent, FileRecord } from './journal.ts'
import type { OpenFile } from './open-file.ts'

/** What is tracked as changed, in bytes. */
const PAGE = 4096

class ResidentFile {
  size = 0
  /** Of its buffers; at most its size but for rounding, less with holes. */
  bytes = 0
  /** Bytes of its file in OPFS, or 0: growth beyond that has been promised to the program. */
  stored = 0
  /** Some frame says all of it, or its file in OPFS has what no frame says. */
  based = false
  /** Not in the journal. */
  readonly changed: Set<number> = new Set()
  changedSize = false
  /** Not in the file. */
  readonly unlanded: Set<number> = new Set()
  unlandedSize = false

  get isChanged(): boolean {
    return this.changedSize || this.changed.size > 0
  }

  get isUnlanded(): boolean {
    return this.unlandedSize || this.unlanded.size > 0
  }

  mark(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) {
      this.changed.add(page)
      this.unlanded.add(page)
    }
  }

  /** Pages behind the end count for nothing; when the file grows again they are marked. */
  resize(size: number): void {
    if (size === this.size) return
    // Before anything is based on it, what lies between is zero for whoever reads it back.
    if (size > this.size && this.based) this.mark(this.size, size)
    else {
      for (const pages of [this.changed, this.unlanded]) {
        for (const page of pages) if (page * PAGE >= size) pages.delete(page)
      }
    }
    this.size = size
    this.changedSize = true
    this.unlandedSize = true
  }
}

export class ResidentContent {
  readonly #content = new ChunkedContent(Infinity)
  readonly #files = new Map<Ino, ResidentFile>()
  // Files that isChanged.
  readonly #changed = new Set<Ino>()
  readonly #owe: (bytes: number) => void

  /** `owe` is told of growth that OPFS has yet to take, and when it has (negative). */
  constructor(owe: (bytes: number) => void) {
    this.#owe = owe
  }

  /** Bytes of memory held. */
  get bytes(): number {
    return this.#content.bytes
  }

  has(ino: Ino): boolean {
    return this.#files.has(ino)
  }

  inos(): Iterable<Ino> {
    return this.#files.keys()
  }

  /** Those that a frame is to say something of. */
  changed(): Iterable<Ino> {
    return this.#changed
  }

  sizeOf(ino: Ino): number {
    return this.#files.get(ino)?.size ?? 0
  }

  isChanged(ino: Ino): boolean {
    return this.#changed.has(ino)
  }

  isUnlanded(ino: Ino): boolean {
    return this.#files.get(ino)?.isUnlanded ?? false
  }

  read(ino: Ino, into: Uint8Array, at: number): void {
    this.#content.read(ino, into, at)
  }

  write(ino: Ino, from: Uint8Array, at: number): void {
    this.#change(ino, (file) => {
      const end = at + from.length
      this.#content.write(ino, from, at)
      if (end > file.size) file.resize(end)
      file.mark(at, end)
    })
  }

  resize(ino: Ino, size: number): void {
    this.#change(ino, (file) => {
      if (size < file.size) this.#content.shrink(ino, size)
      file.resize(size)
    })
  }

  drop(ino: Ino): void {
    const file = this.#files.get(ino)
    if (file === undefined) return
    this.#owe(-owedBy(file))
    this.#content.drop(ino)
    this.#files.delete(ino)
    this.#changed.delete(ino)
  }

  /** The file with the most bytes in memory. */
  largest(): Ino | undefined {
    let largest: Ino | undefined
    let most = 0
    for (const [ino, { bytes }] of this.#files) {
      if (bytes <= most) continue
      largest = ino
      most = bytes
    }
    return largest
  }

  // ---- From OPFS and the journal, and back.

  /** Takes over what a file in OPFS holds. */
  adopt(ino: Ino, bytes: Uint8Array): void {
    this.#change(ino, (file) => {
      if (bytes.length > 0) this.#content.write(ino, bytes, 0)
      file.size = bytes.length
      file.stored = bytes.length
      file.based = true
    })
  }

  /** Applies what a frame says of it, to what the frames before say: a whole record is the first of its file. */
  apply({ ino, size, extents }: FileRecord): void {
    const stored = this.#files.get(ino)?.stored ?? 0
    this.resize(ino, size)
    for (const { at, bytes } of extents) this.write(ino, bytes, at)
    this.#change(ino, (applied) => {
      applied.stored = stored
      applied.based = true
      applied.changed.clear()
      applied.changedSize = false
      // To be landed in any case: the frames are forgotten when the file is on storage, and not before.
      applied.unlandedSize = true
    })
  }

  /** What has changed since the last time; it counts as journalled once `journalled` is called. */
  recordOf(ino: Ino): FileRecord {
    const file = this.#files.get(ino)!
    return { ino, size: file.size, whole: !file.based, extents: this.#extents(ino, file.changed) }
  }

  journalled(ino: Ino): void {
    const file = this.#files.get(ino)!
    file.based = true
    file.changed.clear()
    file.changedSize = false
    this.#changed.delete(ino)
  }

  /** Writes what its file in OPFS lacks; all of it into an empty one. */
  writeTo(ino: Ino, open: OpenFile): void {
    const file = this.#files.get(ino)!
    // Cut first: where the file has grown again behind a cut, its pages are marked.
    if (open.size > file.size) open.truncate(file.size)
    for (const { at, bytes } of this.#extents(ino, file.unlanded)) open.write(bytes, at)
    if (open.size < file.size) open.truncate(file.size)
  }

  /** Its file in OPFS is as it is here. */
  landed(ino: Ino): void {
    this.#change(ino, (file) => {
      file.unlanded.clear()
      file.unlandedSize = false
      file.stored = file.size
      file.based = true
    })
  }

  #change(ino: Ino, action: (file: ResidentFile) => void): void {
    let file = this.#files.get(ino)
    if (file === undefined) this.#files.set(ino, (file = new ResidentFile()))
    const owed = owedBy(file)
    const bytes = this.#content.bytes
    action(file)
    file.bytes += this.#content.bytes - bytes
    if (file.isChanged) this.#changed.add(ino)
    else this.#changed.delete(ino)
    const more = owedBy(file) - owed
    if (more !== 0) this.#owe(more)
  }

  /** Adjoining pages together. */
  #extents(ino: Ino, pages: ReadonlySet<number>): Extent[] {
    const { size } = this.#files.get(ino)!
    const extents: Extent[] = []
    const sorted = [...pages].sort((a, b) => a - b)
    for (let index = 0; index < sorted.length;) {
      const first = sorted[index]!
      let count = 1
      while (sorted[index + count] === first + count) count++
      index += count
      const at = first * PAGE
      const bytes = new Uint8Array(Math.min(at + count * PAGE, size) - at)
      this.#content.read(ino, bytes, at)
      extents.push({ at, bytes })
    }
    return extents
  }
}

function owedBy({ size, stored }: ResidentFile): number {
  return Math.max(0, size - stored)
}
