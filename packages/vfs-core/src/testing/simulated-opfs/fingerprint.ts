// A short key for what a disk holds, so that crash states can be told apart and counted. Equal disks
// have equal keys; different ones have different keys but for a chance of one in 2^52.

import type { Content } from './content.ts'
import type { DirectoryImage, NodeImage } from './disk.ts'
import { SECTOR_SIZE, SectorTable, type Sector, type Sums } from './sector-table.ts'

const sectorHashes = new WeakMap<Sector, Sums>()

/** Of an image with nothing pending, as `PowerLoss.state` makes them. */
export function fingerprint(image: DirectoryImage): string {
  let low = 0
  let high = 0
  const add = (node: NodeImage, path: string): void => {
    if (node.kind === 'directory') {
      for (const [name, child] of node.base) add(child, `${path}/${name}`)
      return
    }
    const [a, b] = hashContent(node.base)
    const name = hashText(path)
    low = (low + mix(a ^ name)) >>> 0
    high = (high + mix(b + name)) >>> 0
  }
  add(image, '')
  return `${low.toString(36)}.${high.toString(36)}`
}

function hashContent({ size, sectors }: Content): Sums {
  const table = sectors instanceof SectorTable ? sectors : SectorTable.of(sectors)
  // Sums, because equal contents may hold their sectors in different orders.
  const [low, high] = table.sums(sumsOf)
  return [(mix(size + 1) + low) >>> 0, (mix(size + 2) + high) >>> 0]
}

function sumsOf(index: number, sector: Sector): Sums {
  const [a, b] = hashSector(sector)
  if (a === ZERO_LOW && b === ZERO_HIGH) return [0, 0]
  return [mix(a + Math.imul(index, 0x9e3779b1)), mix(b ^ Math.imul(index + 1, 0x85ebca6b))]
}

function hashSector(sector: Sector): Sums {
  let hash = sectorHashes.get(sector)
  if (hash === undefined) {
    const words = new Int32Array(sector.buffer, sector.byteOffset, SECTOR_SIZE / 4)
    let low = 0x811c9dc5
    let high = 0x1b873593
    for (const word of words) {
      low = Math.imul(low ^ word, 0x01000193)
      low ^= low >>> 15
      high = Math.imul(high + word, 0xcc9e2d51)
      high ^= high >>> 13
    }
    hash = [low >>> 0, high >>> 0]
    sectorHashes.set(sector, hash)
  }
  return hash
}

function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

function mix(value: number): number {
  let mixed = value >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const [ZERO_LOW, ZERO_HIGH] = hashSector(new Uint8Array(SECTOR_SIZE))
