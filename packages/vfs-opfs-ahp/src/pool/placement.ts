// From replayed facts to regions: every inode's place is checked against the pool files that are really
// there, and what no place covers becomes free. Runs once, at open.

import { S_IFMT, S_IFREG, VfsError, type Ino } from '@wasm-vfs/core/backend'
import type { Replayed } from '../log/replay.ts'
import type { Slot } from './buddy.ts'
import type { Region } from './region.ts'
import type { PlaceFact } from './facts.ts'
import type { Pool } from './pool.ts'

/**
 * The region of every inode. After a clean close free space is known to be zero, except what the close
 * says; otherwise a dead session may have written to any of it. Changes nothing on storage. Throws EIO
 * if two places overlap or a place does not fit.
 */
export function placeRegions(replayed: Replayed, pool: Pool): Map<Ino, Region> {
  const { tree, placement, closed, stale } = replayed
  const regions = new Map<Ino, Region>()
  const slots: Slot[] = []
  checkFacts(replayed)
  for (const inode of tree.inodes.values()) {
    if ((inode.mode & S_IFMT) !== S_IFREG) continue
    const place = placement.places.get(inode.ino)
    if (place === undefined) {
      if (inode.size > 0) throw damaged(`inode ${inode.ino} has ${inode.size} bytes and no place`)
      continue
    }
    regions.set(inode.ino, regionAt(place, inode.size, pool, closed))
    if (place.capacity > 0) slots.push({ offset: place.offset, size: place.capacity })
  }
  const wrong = pool.slots.rebuild(slots, closed ? stale : [{ offset: 0, size: Infinity }])
  if (wrong !== undefined) throw damaged(wrong)
  return regions
}

/**
 * Empties what no place covers: spare files, and the pack above its highest slot. After a clean close
 * both are empty or zero already. The state that says so is on storage.
 */
export function emptyLeftovers(pool: Pool, closed: boolean): void {
  if (!closed) {
    if (pool.pack.storage.size > pool.slots.top) {
      pool.pack.storage.truncate(pool.slots.top)
      pool.pack.storage.flush()
    }
    pool.slots.trimmed()
  }
  for (const file of pool.files) {
    if (file === pool.pack || file.owner !== undefined) continue
    if (file.storage.size > 0) {
      file.storage.truncate(0)
      file.storage.flush()
    }
    pool.addSpare(file)
  }
}

/** Facts with right checksums and wrong contents: each is fine by itself and contradicts another. */
function checkFacts({ tree, placement }: Replayed): void {
  const { files, places } = placement
  const packs = [...files.values()].filter(({ pack }) => pack).length
  if (packs !== 1) throw damaged(`it has ${packs} packs, not one`)
  for (const { ino, serial } of places.values()) {
    const inode = tree.inodes.get(ino)
    if (inode === undefined)
      throw damaged(`there is a place for inode ${ino}, which does not exist`)
    if ((inode.mode & S_IFMT) !== S_IFREG) {
      throw damaged(`there is a place for inode ${ino}, which is no regular file`)
    }
    if (!files.has(serial))
      throw damaged(`inode ${ino} lies in pool file ${serial}, which is unknown`)
  }
}

function regionAt(place: PlaceFact, size: number, pool: Pool, closed: boolean): Region {
  const { ino, serial, offset, capacity, written } = place
  // What places name has been opened.
  const file = pool.file(serial)!
  const known = Math.max(size, written)
  if (capacity === 0) {
    if (file.owner !== undefined || file === pool.pack) {
      throw damaged(`pool file ${serial} belongs to inode ${ino} and to something else`)
    }
    file.owner = ino
    const reach = closed ? known : Math.max(known, file.storage.size)
    return { file, offset: 0, capacity: Infinity, written: reach, size, recorded: true }
  }
  if (file !== pool.pack) throw damaged(`inode ${ino} has a slot in pool file ${serial}, no pack`)
  if (size > capacity) throw damaged(`inode ${ino} has ${size} bytes in a slot of ${capacity}`)
  return { file, offset, capacity, written: closed ? known : capacity, size, recorded: true }
}

function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the state is damaged: ${detail}` })
}
