// Verifies a closed store without changing it, as fsck -n does: replays the state, places every region,
// accounts for all space, and reads what must be zero.

import {
  S_IFMT,
  S_IFREG,
  takeOwnership,
  toVfsError,
  VfsError,
  type Ino,
} from '@wasm-vfs/core/backend'
import {
  checkEnvironment,
  checkForeign,
  checkStoreName,
  findDirectory,
  lockName,
} from './directory.ts'
import { DATA_DIRECTORY } from './layout.ts'
import { replay } from './log/replay.ts'
import { StateLog } from './log/state-log.ts'
import type { OpfsAhpOptions } from './options.ts'
import type { Region } from './pool/region.ts'
import { FlushOrder } from './pool/flush-order.ts'
import { placeRegions } from './pool/placement.ts'
import { Pool } from './pool/pool.ts'
import { isZero } from './pool/zero.ts'
import { newCounters } from './storage/counters.ts'
import type { StorageFile } from './storage/storage-file.ts'

export interface CheckReport {
  /** What is wrong, in sentences; empty for a sound store. */
  readonly problems: readonly string[]
  /** The last session closed the store; otherwise free space may hold leftovers, which is no problem. */
  readonly closed: boolean
  readonly inodes: number
  readonly poolFiles: number
  /** Bytes of files, bytes that the pool files occupy, and bytes of free slots among these. */
  readonly contentBytes: number
  readonly poolBytes: number
  readonly freeBytes: number
}

const READ_SIZE = 256 * 1024

/**
 * Checks the store called `name`, which nobody may have open (EBUSY), and changes nothing. Throws
 * VfsError ENOENT if there is no such store, otherwise as `openOpfsAhp`; what is wrong inside the store
 * is reported, not thrown.
 */
export async function checkOpfsAhp(
  name: string,
  options: Pick<OpfsAhpOptions, 'directory' | 'wait'> = {},
): Promise<CheckReport> {
  const path = checkStoreName(name)
  checkEnvironment(options.directory)
  const release = await takeOwnership(lockName(name), options)
  try {
    const root = await findDirectory(path, { ...options, create: false })
    const data =
      root === undefined
        ? undefined
        : await findDirectory([DATA_DIRECTORY], { create: false, directory: root })
    if (root === undefined || data === undefined) {
      throw new VfsError('ENOENT', 'check', { detail: 'there is no such store' })
    }
    await checkForeign(root)
    return await checkStore(root, data)
  } catch (error) {
    throw toVfsError(error, 'check', { path: name })
  } finally {
    await release()
  }
}

async function checkStore(
  root: FileSystemDirectoryHandle,
  data: FileSystemDirectoryHandle,
): Promise<CheckReport> {
  const counters = newCounters()
  const order = new FlushOrder(0)
  const age = (): number => log.age
  const pool = new Pool({ directory: data, counters, order, maxFiles: 0, age })
  const log = await StateLog.open({
    directory: root,
    counters,
    level: { current: 'strict' },
    order,
    create: false,
  })
  try {
    return await inspect(log, pool)
  } catch (error) {
    // Replaying and placing throw EIO at the first contradiction: that is the finding.
    if (!(error instanceof VfsError) || error.code !== 'EIO') throw error
    return { ...NOTHING, problems: [error.message] }
  } finally {
    pool.closeAll()
    await log.close(false)
  }
}

const NOTHING: CheckReport = {
  problems: [],
  closed: false,
  inodes: 0,
  poolFiles: 0,
  contentBytes: 0,
  poolBytes: 0,
  freeBytes: 0,
}

async function inspect(log: StateLog, pool: Pool): Promise<CheckReport> {
  const replayed = replay(log)
  if (replayed === undefined) return { ...NOTHING, problems: ['there is no whole state'] }
  const { tree, placement, closed } = replayed
  await pool.openAll()
  await pool.recognize(placement.files, placement.usedFiles())
  const regions = placeRegions(replayed, pool)

  const problems: string[] = []
  let contentBytes = 0
  for (const inode of tree.inodes.values()) {
    if ((inode.mode & S_IFMT) === S_IFREG) contentBytes += inode.size
  }
  problems.push(...checkAccounts(regions, pool))
  if (closed) {
    for (const [ino, region] of regions) problems.push(...checkRegion(ino, region))
    problems.push(...checkZeros(regions, pool))
  }
  let poolBytes = 0
  let poolFiles = 0
  for (const { storage } of pool.files) {
    poolBytes += storage.size
    poolFiles++
  }
  const freeBytes = pool.slots.freeBytes
  const inodes = tree.inodes.size
  return { problems, closed, inodes, poolFiles, contentBytes, poolBytes, freeBytes }
}

/** After a crash the file may be shorter: what was only reserved reads as zeros without being there. */
function checkRegion(ino: Ino, region: Region): string[] {
  const end = region.offset + region.size
  const { path, size } = region.file.storage
  if (end <= size) return []
  return [`inode ${ino} reaches to ${end} in ${path}, which ends at ${size}`]
}

/** Slots in use and free slots fill the pack up to its top. */
function checkAccounts(regions: ReadonlyMap<Ino, Region>, pool: Pool): string[] {
  let taken = 0
  for (const region of regions.values()) {
    if (region.file === pool.pack) taken += region.capacity
  }
  const { freeBytes, top } = pool.slots
  if (taken + freeBytes === top) return []
  return [`the pack has ${taken} bytes in use and ${freeBytes} free, but ends at ${top}`]
}

function checkZeros(regions: ReadonlyMap<Ino, Region>, pool: Pool): string[] {
  const problems: string[] = []
  const expectZeros = (storage: StorageFile, from: number, to: number, what: string): void => {
    const at = firstNonZero(storage, from, Math.min(to, storage.size))
    if (at !== undefined) problems.push(`${what} is not zero at ${at} in ${storage.path}`)
  }
  for (const { offset, size, suspect } of pool.slots.freeSlots()) {
    if (!suspect) expectZeros(pool.pack.storage, offset, offset + size, 'a free slot')
  }
  let top = pool.slots.top
  for (const { offset, size } of pool.slots.suspectSpace()) top = Math.max(top, offset + size)
  expectZeros(pool.pack.storage, top, Infinity, 'the pack above its top')
  for (const [ino, { file, offset, capacity, written }] of regions) {
    expectZeros(
      file.storage,
      offset + written,
      offset + capacity,
      `unwritten space of inode ${ino}`,
    )
  }
  for (const file of pool.files) {
    if (file === pool.pack || file.owner !== undefined) continue
    expectZeros(file.storage, 0, Infinity, 'a spare')
  }
  return problems
}

function firstNonZero(storage: StorageFile, from: number, to: number): number | undefined {
  const buffer = new Uint8Array(READ_SIZE)
  for (let at = from; at < to; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, to - at))
    storage.read(piece, at)
    if (!isZero(piece)) return at + piece.findIndex((byte) => byte !== 0)
  }
  return undefined
}
