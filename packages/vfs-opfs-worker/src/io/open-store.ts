// Opening a store: finds or makes its directory and its log, has what is there agree with what the log
// says, and puts the parts together.

import { toVfsError, TwoSlotLog, VfsError, type Ino } from '@wasm-vfs/core/backend'
import { FileAccess } from './access.ts'
import { answered } from './answered.ts'
import { newCounters, type Counters } from './counters.ts'
import { Directories, snapshotOf, type Listing } from './directories.ts'
import { FlushOrder } from './flush-order.ts'
import { Flusher } from './flusher.ts'
import type { IoStoreOptions, OpenedStore } from './io-store.ts'
import { Journal, type Frame } from './journal.ts'
import { JOURNAL_PATH, LOG_FORMAT, LOG_PATHS, OWN_HANDLES, RESERVED_NAME } from './layout.ts'
import { checkLine } from './line-check.ts'
import { listStaging, loadFiles } from './load.ts'
import { FlushState, OpenFile } from './open-file.ts'
import type { StoreParts } from './parts.ts'
import { Reservation } from './reservation.ts'
import { ResidentContent } from './resident-content.ts'
import { inosOf, restoreContent } from './restore.ts'
import { isNoSpace, Room } from './room.ts'
import { SpaceEstimate } from './space.ts'
import {
  imageOf,
  nothingReplayed,
  firstUnfounded,
  replay,
  Sidecar,
  turnOf,
  type Replayed,
  type SidecarLine,
} from './sidecar.ts'
import { OpfsStore, STORE_LIMITS, type StoreLimits } from './store.ts'
import { HandlePool, type StoredFile } from './stored-file.ts'
import { CommittedTree } from './tree.ts'

/** What tests put in place of the browser's. */
export interface StoreEnvironment {
  /** Default: the root of the origin's private file system. */
  readonly directory?: FileSystemDirectoryHandle
  readonly limits?: Partial<StoreLimits>
  readonly estimate?: () => Promise<StorageEstimate>
}

/** See OpenIoStore. */
export async function openIoStore(
  options: IoStoreOptions,
  environment: StoreEnvironment = {},
): Promise<OpenedStore> {
  const closing: (() => void)[] = []
  try {
    return await open(options, environment, closing)
  } catch (error) {
    for (const close of closing.toReversed()) close()
    throw toVfsError(error, 'open', { path: options.name })
  }
}

async function open(
  options: IoStoreOptions,
  environment: StoreEnvironment,
  closing: (() => void)[],
): Promise<OpenedStore> {
  const counters = newCounters()
  const access = new FileAccess()
  const directories = new Directories(await storeDirectory(options.name, environment.directory))
  await checkForeign(directories)
  await checkLogIsThere(directories)
  // The log first: it is read while the browser lists the rest.
  const [log, journalFile, listing] = await together([
    openLog(directories, access, counters, closing),
    openOwn(JOURNAL_PATH, directories, access, counters, closing),
    directories.list('', RESERVED_NAME),
  ])
  const journal = new Journal(journalFile)
  const { found, frames } = loadLog(log, journal)
  if (found === undefined && !(await isEmptyStore(directories, listing, journal.isEmpty))) {
    throw noLog(directories.name)
  }
  const isWhole = found === undefined || (found.closed && found.movedFrom.size === 0)
  const staging: Listing = isWhole ? new Map() : await listStaging(directories)
  const { sidecar, replayed } = load(log, journal, found)
  const reservation = new Reservation(directories, access, counters)
  // Lines that the log needs from here on may want what a dead session had promised to its program.
  if (!replayed.closed) await reservation.clear()
  // What is completed or undone for these lines cannot be brought back for those before them.
  sidecar.flushLoaded()
  const loaded = await loadFiles(
    { replayed, sidecar, directories, listing, staging, journalled: inosOf(frames) },
    options,
  )
  const resident = new ResidentContent((bytes) => reservation.owe(bytes))
  await restoreContent(frames, { replayed, sidecar, files: loaded.files, resident })
  const parts = assemble(
    options,
    { counters, access, directories, sidecar, replayed, journal, resident, reservation },
    loaded.files,
  )
  closing.push(() => {
    parts.handles.closeAll()
    parts.reservation.letGo()
  })
  if (!replayed.closed) {
    // What a dead session has left can be read, so from now on the program relies on it; and what its
    // relaxed fsyncs covered comes before anything that is written now.
    await parts.flusher.flushFiles(loaded.unflushed)
    beginIfThereIsSpace(sidecar)
  }
  await access.settle()
  const facts = [...parts.tree.facts()]
  const limits = { ...STORE_LIMITS, ...environment.limits }
  const space = new SpaceEstimate(environment.estimate)
  const store = new OpfsStore(parts, limits, replayed.hot, space)
  return { store, facts }
}

/** So that the log is closed when this session closes, even if it changes nothing. */
function beginIfThereIsSpace(sidecar: Sidecar): void {
  try {
    sidecar.begin()
  } catch (error) {
    // It only saves the next open its flushes. The first change begins it, too, and space is made for that.
    if (!isNoSpace(error)) throw error
  }
}

async function storeDirectory(
  name: string,
  root: FileSystemDirectoryHandle | undefined,
): Promise<FileSystemDirectoryHandle> {
  let at = root ?? (await originDirectory())
  const path: string[] = []
  for (const part of name.split('/')) {
    if (path.length > 0) await refuseWithin(at, path.join('/'), name)
    at = await directoryIn(at, part, { create: true })
    path.push(part)
  }
  return at
}

async function originDirectory(): Promise<FileSystemDirectoryHandle> {
  return await answered(navigator.storage.getDirectory(), 'getDirectory', '')
}

async function directoryIn(
  parent: FileSystemDirectoryHandle,
  name: string,
  options?: FileSystemGetDirectoryOptions,
): Promise<FileSystemDirectoryHandle> {
  return await answered(parent.getDirectoryHandle(name, options), 'getDirectoryHandle', name)
}

/** Within another store its files would be the other's files as well. */
async function refuseWithin(
  directory: FileSystemDirectoryHandle,
  outer: string,
  path: string,
): Promise<void> {
  try {
    await directoryIn(directory, RESERVED_NAME)
  } catch (thrown) {
    if (toVfsError(thrown, 'open').code === 'ENOENT') return
    throw thrown
  }
  throw new VfsError('EINVAL', 'open', {
    path,
    detail: `it would lie within the store '${outer}'; choose another name`,
  })
}

/** EEXIST if the directory holds something but no store: whose files they are nobody can tell. */
async function checkForeign(directories: Directories): Promise<void> {
  try {
    await directories.get(RESERVED_NAME)
    return
  } catch (thrown) {
    const error = toVfsError(thrown, 'open')
    if (error.code !== 'ENOENT') throw error
  }
  const root = await directories.get('')
  const first = await answered(root.keys().next(), 'keys', root.name)
  if (first.done !== true) {
    throw new VfsError('EEXIST', 'open', {
      path: root.name,
      detail: `the directory holds something else ('${first.value}') and no store; choose another name`,
    })
  }
  await directories.make(RESERVED_NAME)
}

/** A store without a log is refused before anything is made in it. */
async function checkLogIsThere(directories: Directories): Promise<void> {
  const [a, b, journal] = await together([
    directories.find(LOG_PATHS[0]),
    directories.find(LOG_PATHS[1]),
    directories.find(JOURNAL_PATH),
  ])
  if (a !== undefined || b !== undefined) return
  const listing = await directories.list('', RESERVED_NAME)
  const isJournalEmpty =
    journal === undefined || (await snapshotOf(journal, JOURNAL_PATH)).size === 0
  if (!(await isEmptyStore(directories, listing, isJournalEmpty))) throw noLog(directories.name)
}

/** Nothing is there that a log should tell of. */
async function isEmptyStore(
  directories: Directories,
  listing: Listing,
  isJournalEmpty: boolean,
): Promise<boolean> {
  return isJournalEmpty && listing.size === 0 && (await listStaging(directories)).size === 0
}

function noLog(path: string): VfsError {
  return new VfsError('EIO', 'open', {
    path,
    detail:
      'there are files, or content of files, but no log to go with them: the store is damaged or never settled',
  })
}

/** As Promise.all, but when it rejects all have ended, so that what they opened can be closed. */
async function together<Work extends readonly unknown[] | []>(
  work: Work,
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  await Promise.allSettled(work)
  return await Promise.all(work)
}

async function openLog(
  directories: Directories,
  access: FileAccess,
  counters: Counters,
  closing: (() => void)[],
): Promise<TwoSlotLog<SidecarLine>> {
  const slots = await together([
    openOwn(LOG_PATHS[0], directories, access, counters, closing),
    openOwn(LOG_PATHS[1], directories, access, counters, closing),
  ])
  return new TwoSlotLog<SidecarLine>(slots, LOG_FORMAT)
}

async function openOwn(
  path: string,
  directories: Directories,
  access: FileAccess,
  counters: Counters,
  closing: (() => void)[],
): Promise<OpenFile> {
  const file = await directories.file(path, { create: true })
  const handle = await access.open(file, path)
  const opened = new OpenFile(path, handle, new FlushState(), counters)
  closing.push(() => opened.close())
  return opened
}

/** `found`: what the log says, undefined if it is new; and what the journal says that counts. */
function loadLog(
  log: TwoSlotLog<SidecarLine>,
  journal: Journal,
): { found: Replayed | undefined; frames: Frame[] } {
  const loaded = log.load()
  if (loaded === undefined) return { found: undefined, frames: [] }
  for (const line of loaded.lines) checkLine(line, line.seq)
  const frames = journal.load(turnOf(loaded.lines))
  const unfounded = firstUnfounded(loaded.lines, frames.length)
  if (unfounded === undefined) return { found: replay(loaded.lines, loaded.closed), frames }
  const lines = log.cutFrom(
    unfounded.seq,
    `the journal has ${frames.length} frames where the log relies on ${unfounded.frames}, ` +
      'so the store is damaged or never settled',
  )
  return { found: replay(lines, false), frames }
}

function load(
  log: TwoSlotLog<SidecarLine>,
  journal: Journal,
  found: Replayed | undefined,
): { sidecar: Sidecar; replayed: Replayed } {
  if (found !== undefined) return { sidecar: new Sidecar(log, journal, false), replayed: found }
  const tree = CommittedTree.empty(Date.now())
  log.initialize(imageOf(tree, undefined, 0))
  return { sidecar: new Sidecar(log, journal, true), replayed: nothingReplayed(tree) }
}

type Begun =
  | 'counters'
  | 'access'
  | 'directories'
  | 'sidecar'
  | 'journal'
  | 'resident'
  | 'reservation'

interface Beginnings extends Pick<StoreParts, Begun> {
  readonly replayed: Replayed
}

function assemble(
  options: IoStoreOptions,
  { replayed, ...beginnings }: Beginnings,
  files: Map<Ino, StoredFile>,
): StoreParts {
  const { counters, access, directories, sidecar, reservation } = beginnings
  const order = new FlushOrder(options.windowMs)
  const handles = new HandlePool({
    limit: options.maxHandles - OWN_HANDLES,
    spare: reservation,
    access,
    directories,
    counters,
    beforeEviction: (file) => {
      order.beforeClose(file)
      // Without sync access handles a close writes, and the log must say first that it may.
      if (!access.isSynchronous && file.state.unflushed) sidecar.flush()
    },
    checkSize: (file, opened) => {
      checkSize(file, opened, replayed.closed, sidecar)
    },
  })
  reservation.handles = handles
  return {
    ...beginnings,
    level: { current: options.durability },
    voids: replayed.voids,
    tree: replayed.tree,
    applied: replayed.applied,
    files,
    handles,
    order,
    room: new Room(reservation, handles),
    flusher: new Flusher(handles, access),
  }
}

/** A file just opened is not as long as the log says. */
function checkSize(file: StoredFile, opened: OpenFile, closed: boolean, sidecar: Sidecar): void {
  if (file.making) throw inTheWay(file.path)
  if (file.isTorn) return
  if (!closed && opened.size > file.size) {
    // Growth that was never committed, by a session that did not close. The next open is to flush this,
    // should this session end before it has.
    sidecar.append({ dirty: [file.ino] })
    sidecar.flush()
    file.dirtySeq = sidecar.seq
    opened.truncate(file.size)
    opened.flush()
    return
  }
  sidecar.append({ suspectSizes: true })
  throw new VfsError('EIO', 'open', {
    path: file.path,
    detail:
      `other code has changed this file while the store was closed or open: it has ${opened.size} bytes, ` +
      `and had ${file.size}; reopen the store to go on with what is there`,
  })
}

/** Removes a store with everything in its directory; nothing happens if there is none. Nobody has it open. */
export async function removeIoStore(
  name: string,
  environment: StoreEnvironment = {},
): Promise<void> {
  const path = name.split('/')
  try {
    let at = environment.directory ?? (await originDirectory())
    for (const part of path.slice(0, -1)) at = await directoryIn(at, part)
    const store = await directoryIn(at, path.at(-1)!)
    // A directory that is no store is none of ours to remove.
    await directoryIn(store, RESERVED_NAME)
    await answered(at.removeEntry(path.at(-1)!, { recursive: true }), 'removeEntry', name)
  } catch (thrown) {
    const error = toVfsError(thrown, 'delete', { path: name })
    if (error.code !== 'ENOENT') throw error
  }
}

/** Other code has put something where the program's file is to be made. */
function inTheWay(path: string): VfsError {
  return new VfsError('EEXIST', 'create', {
    path,
    detail: 'other code has put something of this name here while the store was open',
  })
}
