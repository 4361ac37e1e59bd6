// The sectors of a simulated file, in pages that copies share until one of them changes: a snapshot of a
// file costs its pages, a change after it one page, and what was hashed once stays hashed.

/** What a storage device writes whole or not at all, in bytes. */
export const SECTOR_SIZE = 512

/** SECTOR_SIZE bytes; those beyond the end of the file are zero. Never changed, only replaced. */
export type Sector = Uint8Array

/** Sectors by index. One that is missing is all zeros. */
export interface Sectors extends Iterable<readonly [index: number, sector: Sector]> {
  get(index: number): Sector | undefined
}

/** Two halves of a hash. */
export type Sums = readonly [low: number, high: number]

const PAGE_SECTORS = 64

interface Page {
  /** The table that may change it. */
  readonly owner: object
  readonly sectors: (Sector | undefined)[]
  /** Of its sectors, once someone has asked. */
  sums: Sums | undefined
}

export class SectorTable implements Sectors {
  readonly #pages: Map<number, Page>
  #owner: object = {}

  private constructor(pages: Map<number, Page>) {
    this.#pages = pages
  }

  /** A copy that goes its own way. */
  static of(sectors: Sectors): SectorTable {
    if (sectors instanceof SectorTable) {
      // From now on neither may change the pages that both have.
      sectors.#owner = {}
      return new SectorTable(new Map(sectors.#pages))
    }
    const table = new SectorTable(new Map())
    for (const [index, sector] of sectors) table.set(index, sector)
    return table
  }

  get(index: number): Sector | undefined {
    return this.#pages.get(Math.floor(index / PAGE_SECTORS))?.sectors[index % PAGE_SECTORS]
  }

  set(index: number, sector: Sector | undefined): void {
    const number = Math.floor(index / PAGE_SECTORS)
    let page = this.#pages.get(number)
    if (page === undefined && sector === undefined) return
    if (page?.owner !== this.#owner) {
      const sectors = page?.sectors.slice() ?? Array.from<undefined>({ length: PAGE_SECTORS })
      page = { owner: this.#owner, sectors, sums: undefined }
      this.#pages.set(number, page)
    }
    page.sectors[index % PAGE_SECTORS] = sector
    page.sums = undefined
  }

  /** The sectors that are not missing, from `index` on. */
  *from(index: number): Generator<readonly [index: number, sector: Sector]> {
    for (const [number, { sectors }] of this.#pages) {
      const first = number * PAGE_SECTORS
      for (let at = Math.max(0, index - first); at < PAGE_SECTORS; at++) {
        const sector = sectors[at]
        if (sector !== undefined) yield [first + at, sector]
      }
    }
  }

  [Symbol.iterator](): Generator<readonly [index: number, sector: Sector]> {
    return this.from(0)
  }

  /** The sums of `sumsOf` over all sectors; it must depend on nothing else. */
  sums(sumsOf: (index: number, sector: Sector) => Sums): Sums {
    let [low, high] = [0, 0]
    for (const [number, page] of this.#pages) {
      page.sums ??= sumsOfPage(number * PAGE_SECTORS, page.sectors, sumsOf)
      low = (low + page.sums[0]) >>> 0
      high = (high + page.sums[1]) >>> 0
    }
    return [low, high]
  }
}

function sumsOfPage(
  first: number,
  sectors: readonly (Sector | undefined)[],
  sumsOf: (index: number, sector: Sector) => Sums,
): Sums {
  let [low, high] = [0, 0]
  for (let at = 0; at < PAGE_SECTORS; at++) {
    const sector = sectors[at]
    if (sector === undefined) continue
    const sums = sumsOf(first + at, sector)
    low = (low + sums[0]) >>> 0
    high = (high + sums[1]) >>> 0
  }
  return [low, high]
}
