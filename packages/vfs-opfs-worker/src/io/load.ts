// What an open makes of the log and of the names that it finds in OPFS. OPFS owns names and, of files
// that may have changed since the log was written, sizes; the log owns the rest. After a session that did
// not close, what it left half-done is completed or undone first.
//
// What is seen and what is not: names that other code has added or taken away are found by listing the
// directories, which costs about 0.1 ms for a file in Chromium and 0.02 ms in Firefox. Sizes would need a
// File of each, at 0.2 to 0.4 ms; so the log's are believed after a clean close, and a file that turns
// out to be different when it is opened is an error that says so, once: the next open asks for all sizes.
// Bytes are never remembered, so whatever other code has written into a file of the same size is read.

import {
  encodeFact,
  isDirectory,
  isRegular,
  isSymlink,
  S_IFDIR,
  S_IFREG,
  toVfsError,
  VfsError,
  type Fact,
  type Ino,
  type InodeFact,
} from '@wasm-vfs/core/backend'
import { moveTo } from './aside.ts'
import { carryOut } from './carry-out.ts'
import { forAll, snapshotOf, type Directories, type Listing } from './directories.ts'
import { RESERVED_NAME, SETTLING_MS, STAGING_PATH, stagingPath } from './layout.ts'
import { decodeName, splitPath } from './names.ts'
import { pathsOf, planSteps, type Move } from './plan.ts'
import type { Replayed, Sidecar } from './sidecar.ts'
import { StoredFile } from './stored-file.ts'

export interface LoadedFiles {
  readonly files: Map<Ino, StoredFile>
  /** Those of them that a session that did not close may have left so. */
  readonly unflushed: readonly StoredFile[]
}

export interface LoadOptions {
  readonly acceptMissing: boolean
}

/** With more changes than this everything is listed again: that takes no longer. */
const RELISTED_MAX = 16

const PERMISSIONS_FILE = 0o644
const PERMISSIONS_DIRECTORY = 0o755

export interface LoadParts {
  readonly replayed: Replayed
  readonly sidecar: Sidecar
  readonly directories: Directories
  /** All that is there, but for the store's own; and what is in staging. */
  readonly listing: Listing
  readonly staging: Listing
  /** Files whose size the journal knows. */
  readonly journalled: ReadonlySet<Ino>
}

/** Makes tree and OPFS agree; the tree is changed where OPFS knows better. */
export async function loadFiles(parts: LoadParts, options: LoadOptions): Promise<LoadedFiles> {
  const { replayed, sidecar, journalled } = parts
  const { tree, closed } = replayed
  const { unmade } = replayed.applied
  // After a clean close nothing is half-done; but a power cut may have taken back a name that had not settled.
  const isWhole = closed && replayed.movedFrom.size === 0
  const settled = isWhole ? parts.listing : await recover(parts)
  const found: Fact[] = []
  const apply = (facts: readonly Fact[]): void => {
    replayed.applied.found(tree.apply(facts, replayed.age).relocations)
    found.push(...facts)
  }
  const missing = missingEntries(replayed, settled)
  apply(missing.facts)
  apply(orphans(replayed))
  apply(foreignEntries(replayed, settled))
  const foreign = new Set(found.flatMap((fact) => (fact.type === 'inode' ? fact.ino : [])))
  const files = new Map<Ino, StoredFile>()
  for (const [path, { ino, mode, size }] of tree.located()) {
    const handle = settled.get(path)
    if (!isRegular(mode) || handle === undefined || handle.kind === 'directory') continue
    // What lies in its place is somebody else's, and gives way when it is made.
    if (unmade.has(ino)) continue
    const file = new StoredFile(ino, path, size, handle)
    file.hasMoved = !foreign.has(ino) && isUncertain(file, replayed)
    files.set(ino, file)
  }
  const changed = await changedSizes(unsureFiles(files, replayed, foreign), replayed)
  const strangers = changed.flatMap(({ ino }) => {
    const file = files.get(ino)!
    const isKnown = replayed.dirty.has(ino) || journalled.has(ino)
    return file.hasMoved && !isKnown ? file.path : []
  })
  refuseLost([...missing.lost, ...strangers], options)
  apply(changed)
  if (found.length > 0) sidecar.found({ facts: found.map(encodeFact) })
  const unflushed = [...files.values()].filter(({ ino }) => !closed && replayed.dirty.has(ino))
  for (const file of unflushed) file.state.unflushed = true
  return { files, unflushed }
}

// ---- After a session that did not close.

/** Returns what is listed when everything left half-done has been completed or undone. */
async function recover({
  replayed,
  sidecar,
  directories,
  listing,
  staging,
}: LoadParts): Promise<Listing> {
  const { applied, intent, tree } = replayed
  const changed = new Set<string>()
  const places = new Set<string>()
  for (const [path, { ino }] of tree.located()) if (!applied.unmade.has(ino)) places.add(path)
  // Files that were being made, and may be half there: the journal has what they are to hold.
  for (const path of intent.paths) {
    const there = listing.get(path)
    if (there?.kind !== 'file' || !(await isSince(there, intent.since))) continue
    await directories.remove(path)
    changed.add(path)
  }
  if (applied.away.size > 0) {
    const plan = planSteps(applied.relocations(tree), {
      isStaged: (ino) => staging.has(stagingPath(ino)),
      keepOrphans: false,
    })
    const markStaged = (): void => {
      sidecar.append({ staged: true })
      sidecar.flush()
    }
    const parts = { directories, fileOf: () => undefined, closeHandle: () => {}, markStaged }
    await carryOut(plan, parts, replayed.staged)
    for (const path of pathsOf(plan)) changed.add(path)
  }
  const broughtBack = await bringBack(replayed, listing, directories, staging, places)
  const age = sidecar.age
  for (const { ino, from, to } of broughtBack) {
    changed.add(from)
    changed.add(to)
    applied.movedFrom.set(ino, { from, at: age })
    tree.inodes.get(ino)!.born = age
  }
  if (broughtBack.length > 0) {
    const moved = broughtBack.map(({ ino, from }) => [ino, from, age] as const)
    sidecar.found({ moved, born: broughtBack.map(({ ino }) => [ino, age] as const) })
  }
  for (const path of staging.keys()) await directories.remove(path)
  const undone = intent.paths.length > 0
  if (undone || applied.away.size > 0) {
    const at = sidecar.age
    // A power cut may bring back what was half made, in the place of the file that is made next.
    const vacated = intent.paths.map((path) => [path, at] as const)
    sidecar.append({ ...(undone && { undone, vacated }), done: true, at })
    sidecar.flush()
    applied.arranged(tree, at)
    applied.left(vacated)
  }
  return await listedAgain(listing, changed, directories)
}

/** How far a file system's clock and resolution may be from ours, in milliseconds. */
const CLOCK_MARGIN_MS = 2000

/** A file that is older than the intent to make it is somebody else's. */
async function isSince(file: FileSystemFileHandle, since: number): Promise<boolean> {
  try {
    return (await snapshotOf(file, file.name)).lastModified >= since - CLOCK_MARGIN_MS
  } catch (thrown) {
    throw toVfsError(thrown, 'open', { path: file.name })
  }
}

export async function listStaging(directories: Directories): Promise<Listing> {
  try {
    return await directories.list(STAGING_PATH)
  } catch (error) {
    if (error instanceof VfsError && error.code === 'ENOENT') return new Map()
    throw error
  }
}

/**
 * A power cut can take back a move that had been carried out: the file is where it was before, or in
 * staging, and at its place is nothing or what it replaced. It is moved again.
 */
async function bringBack(
  { movedFrom, tree, left: leftAt }: Replayed,
  listing: Listing,
  directories: Directories,
  staging: Listing,
  places: ReadonlySet<string>,
): Promise<Move[]> {
  const moves: Move[] = []
  for (const [path, { ino, mode, size }] of tree.located()) {
    const before = movedFrom.get(ino)
    if (!isRegular(mode) || before === undefined) continue
    // So is the removal of a directory that was there.
    if (listing.get(path)?.kind === 'directory') {
      if (!(await directories.removeDirectory(path))) continue
      listing.delete(path)
    }
    const sources = places.has(before) || !listing.has(before) ? [] : [before]
    if (staging.has(stagingPath(ino))) sources.unshift(stagingPath(ino))
    for (const source of sources) {
      const left = await directories.find(source)
      if (left === undefined) continue
      // What is there may be the right one, and this something new that other code has put here.
      const there = await directories.find(path)
      const { size: found, lastModified } = await snapshotOf(left, source)
      // After a clean close other code may have put something at the place that was left.
      if (lastModified > leftAt + CLOCK_MARGIN_MS) continue
      if (there !== undefined && found !== size) continue
      await moveTo(directories, left, path)
      moves.push({ ino, from: source, to: path })
      break
    }
  }
  return moves
}

/** What is at `paths`, and below, may have changed since it was listed. */
async function listedAgain(
  listing: Listing,
  paths: ReadonlySet<string>,
  directories: Directories,
): Promise<Listing> {
  if (paths.size > RELISTED_MAX || directories.haveMadeWay)
    return await directories.list('', RESERVED_NAME)
  for (const path of paths) {
    if (!path.startsWith(`${STAGING_PATH}/`)) await directories.relist(listing, path)
  }
  return listing
}

// ---- The log against OPFS.

/** What the log names and OPFS has not; `lost` are names that a power cut may have taken. */
function missingEntries(
  { tree, age, applied }: Replayed,
  listing: Listing,
): { facts: Fact[]; lost: string[] } {
  const facts: Fact[] = []
  const lost: string[] = []
  const gone = new Set<Ino>()
  for (const [path, inode] of tree.located()) {
    const there = listing.get(path)
    const isThere =
      applied.unmade.has(inode.ino) ||
      (there !== undefined && (there.kind === 'directory') === isDirectory(inode.mode))
    if (isThere && !gone.has(inode.parent!)) continue
    if (inode.born + SETTLING_MS > age) lost.push(path)
    gone.add(inode.ino)
    facts.push({ type: 'remove', parent: inode.parent!, name: inode.name })
  }
  for (const ino of gone) {
    for (const { ino: below } of tree.below(ino)) facts.push({ type: 'drop', ino: below })
  }
  return { facts, lost }
}

function refuseLost(lost: readonly string[], { acceptMissing }: LoadOptions): void {
  if (lost.length === 0 || acceptMissing) return
  throw new VfsError('EIO', 'open', {
    detail:
      `a power cut has taken back names that had not settled, and so what was here is missing: ${lost.join(', ')}; ` +
      'open with { acceptMissing: true } to go on with what is there',
  })
}

/** Inodes that were unlinked while open: nobody has them open any more. */
function orphans({ tree }: Replayed): Fact[] {
  const facts: Fact[] = []
  for (const { ino } of tree.inodes.values()) {
    if (tree.pathOf(ino) === undefined) facts.push({ type: 'drop', ino })
  }
  return facts
}

/** What OPFS has and the log does not name: other code put it there. */
function foreignEntries({ tree }: Replayed, listing: Listing): Fact[] {
  const facts: Fact[] = []
  const inos = new Map<string, Ino>([['', 1]])
  for (const [path, { ino }] of tree.located()) inos.set(path, ino)
  let nextIno = tree.nextIno
  const now = Date.now()
  // Parents come before their children in a listing only within one branch, so shorter paths first.
  const paths = [...listing.keys()].filter((path) => !inos.has(path))
  for (const path of paths.sort((a, b) => a.length - b.length)) {
    const { directory, name: listed } = splitPath(path)
    const parent = inos.get(directory)
    const name = decodeName(listed)
    // The store of somebody else within this one keeps its secrets.
    if (parent === undefined || name === undefined) continue
    const isFile = listing.get(path)!.kind === 'file'
    const mode = isFile ? S_IFREG | PERMISSIONS_FILE : S_IFDIR | PERMISSIONS_DIRECTORY
    const ino = nextIno++
    inos.set(path, ino)
    const replaced = tree.inodes.get(parent)?.entries?.get(name)
    if (replaced !== undefined && isSymlink(tree.inodes.get(replaced)?.mode ?? 0)) {
      facts.push({ type: 'drop', ino: replaced })
    }
    facts.push({ type: 'inode', ino, mode, size: 0, atime: now, mtime: now, ctime: now })
    facts.push({ type: 'entry', parent, name, ino })
  }
  if (facts.length > 0) facts.push({ type: 'next', ino: nextIno })
  return facts
}

/** Files whose size the log cannot know. */
function unsureFiles(
  files: ReadonlyMap<Ino, StoredFile>,
  replayed: Replayed,
  foreign: ReadonlySet<Ino>,
): StoredFile[] {
  const { suspectSizes, dirty } = replayed
  return [...files.values()].filter(
    (file) => suspectSizes || dirty.has(file.ino) || foreign.has(file.ino) || file.hasMoved,
  )
}

/**
 * A power cut may have given its name back to another file. If it is as long as the log says, it is taken
 * for the right one; nothing else tells them apart.
 */
function isUncertain({ ino, path }: StoredFile, { movedFrom, vacated }: Replayed): boolean {
  return movedFrom.has(ino) || vacated.has(path)
}

async function changedSizes(
  files: readonly StoredFile[],
  { tree }: Replayed,
): Promise<InodeFact[]> {
  const facts: InodeFact[] = []
  await forAll(files, async (file) => {
    let snapshot: File
    try {
      snapshot = await snapshotOf(file.handle!, file.path)
    } catch (thrown) {
      throw toVfsError(thrown, 'open', { path: file.path })
    }
    const inode = tree.inodes.get(file.ino)!
    if (snapshot.size === inode.size) return
    file.size = snapshot.size
    const time = snapshot.lastModified
    const { ino, mode, atime } = inode
    // What a file is to have may be newer than the file: then it is in the redo log, and the times here.
    const mtime = Math.max(inode.mtime, time)
    const ctime = Math.max(inode.ctime, time)
    facts.push({ type: 'inode', ino, mode, size: snapshot.size, atime, mtime, ctime })
  })
  return facts
}
