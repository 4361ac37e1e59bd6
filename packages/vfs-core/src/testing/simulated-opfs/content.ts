// The bytes of a simulated file, kept by sector, because a sector is what a power cut can tell apart.

import { SECTOR_SIZE, SectorTable, type Sector, type Sectors } from './sector-table.ts'

/** A file's bytes. A sector that is missing is all zeros. */
export interface Content {
  readonly size: number
  readonly sectors: Sectors
}

/** What one write or truncate did: the file's size after it, and every sector it gave a new value. */
export interface Change {
  readonly size: number
  readonly sectors: readonly (readonly [index: number, sector: Sector | undefined])[]
}

export const EMPTY: Content = { size: 0, sectors: new Map() }

/** A file's bytes as the browser shows them, which is what writes and truncates act on. */
export class LiveContent implements Content {
  #size: number
  readonly #sectors: SectorTable

  constructor(base: Content, changes: readonly Change[] = []) {
    this.#size = base.size
    this.#sectors = SectorTable.of(base.sectors)
    for (const change of changes) {
      this.#size = change.size
      for (const [index, sector] of change.sectors) this.#sectors.set(index, sector)
    }
  }

  get size(): number {
    return this.#size
  }

  get sectors(): Sectors {
    return this.#sectors
  }

  freeze(): Content {
    return { size: this.#size, sectors: SectorTable.of(this.#sectors) }
  }

  /** Returns the bytes read: fewer than asked for at the end of the file. */
  read(into: Uint8Array, at: number): number {
    return readContent(this, into, at)
  }

  write(from: Uint8Array, at: number): Change {
    const sectors: [number, Sector][] = []
    const end = at + from.length
    let position = at
    while (position < end) {
      const index = Math.floor(position / SECTOR_SIZE)
      const start = position - index * SECTOR_SIZE
      const length = Math.min(SECTOR_SIZE - start, end - position)
      const old = length < SECTOR_SIZE ? this.#sectors.get(index) : undefined
      const sector = old === undefined ? new Uint8Array(SECTOR_SIZE) : old.slice()
      sector.set(from.subarray(position - at, position - at + length), start)
      this.#sectors.set(index, sector)
      sectors.push([index, sector])
      position += length
    }
    if (from.length > 0) this.#size = Math.max(this.#size, end)
    return { size: this.#size, sectors }
  }

  truncate(size: number): Change {
    const sectors: [number, Sector | undefined][] = []
    if (size < this.#size) {
      const last = Math.floor(size / SECTOR_SIZE)
      for (const [index, sector] of this.#sectors.from(last)) {
        sectors.push([index, cutAt(sector, size - index * SECTOR_SIZE)])
      }
      for (const [index, sector] of sectors) this.#sectors.set(index, sector)
    }
    this.#size = size
    return { size, sectors }
  }
}

/** Fills `into` from `at`, up to the end of the content. Returns the bytes read. */
export function readContent(content: Content, into: Uint8Array, at: number): number {
  const length = Math.max(0, Math.min(into.length, content.size - at))
  const end = at + length
  let position = at
  while (position < end) {
    const index = Math.floor(position / SECTOR_SIZE)
    const start = position - index * SECTOR_SIZE
    const part = Math.min(SECTOR_SIZE - start, end - position)
    const sector = content.sectors.get(index)
    const done = position - at
    if (sector === undefined) into.fill(0, done, done + part)
    else
      into.set(
        start === 0 && part === SECTOR_SIZE ? sector : sector.subarray(start, start + part),
        done,
      )
    position += part
  }
  return length
}

/** The content cut to its size: what a device holds beyond the end of a file never shows. */
export function clip(size: number, sectors: SectorTable): Content {
  const last = Math.floor(size / SECTOR_SIZE)
  for (const [index, sector] of sectors.from(last)) {
    sectors.set(index, cutAt(sector, size - index * SECTOR_SIZE))
  }
  return { size, sectors }
}

function cutAt(sector: Sector, length: number): Sector | undefined {
  if (length <= 0) return undefined
  const kept = new Uint8Array(SECTOR_SIZE)
  kept.set(sector.subarray(0, length))
  return kept
}
