// Opening a store: takes the lock, finds or makes the files, replays the state, and puts
// the engine on top. Whatever fails, no lock and no handle is left behind.

import {
  emptyTree,
  FILE_SIZE_MAX,
  inodeFact,
  InodeFs,
  takeOwnership,
  toVfsError,
  TreeBuilder,
  VfsError,
  type Ino,
  type ReleaseLock,
  type Tree,
  type Vfs,
} from '@wasm-vfs/core/backend'
import {
  checkEnvironment,
  checkForeign,
  checkStoreName,
  findDirectory,
  lockName,
} from './directory.ts'
import { DATA_DIRECTORY } from './layout.ts'
import type { StoredFact } from './log/fact-codec.ts'
import { replay } from './log/replay.ts'
import { StateLog } from './log/state-log.ts'
import { checkOptions, type OpfsAhpOptions, type Settings } from './options.ts'
import { PoolContent } from './pool/content.ts'
import type { PoolFact } from './pool/facts.ts'
import type { Region } from './pool/region.ts'
import { FlushOrder } from './pool/flush-order.ts'
import { Pool } from './pool/pool.ts'
import { emptyLeftovers, placeRegions } from './pool/placement.ts'
import { SpaceEstimate } from './pool/space-estimate.ts'
import { newCounters } from './storage/counters.ts'

interface LoadedStore {
  readonly tree: Tree
  readonly regions: Map<Ino, Region>
  /** The last session closed it, or there was none. */
  readonly closed: boolean
}

/**
 * Opens the store called `name`, a directory in OPFS (`a/b` nests), and makes it if there is none.
 * Works in dedicated workers only, because only they have sync access handles.
 *
 * Throws VfsError: EBUSY (open elsewhere), ENOTSUP (no sync access handles here), EACCES (private
 * window), EINVAL (bad name, or a format of another version), EEXIST (the directory holds something
 * else), EIO (damage), ENOSPC; and TypeError for a wrong option.
 */
export async function openOpfsAhp(name: string, options: OpfsAhpOptions = {}): Promise<Vfs> {
  const settings = checkOptions(options)
  const path = checkStoreName(name)
  checkEnvironment(options.directory)
  const release = await takeOwnership(lockName(name), options)
  try {
    const root = await findDirectory(path, { create: true, directory: options.directory })
    return await openStore(name, root!, settings, release)
  } catch (error) {
    await release()
    throw toVfsError(error, 'open', { path: name })
  }
}

async function openStore(
  name: string,
  root: FileSystemDirectoryHandle,
  settings: Settings,
  release: ReleaseLock,
): Promise<Vfs> {
  // The browser takes its time, so it is asked first.
  const estimate = new SpaceEstimate()
  const estimated = estimate.refresh()
  await checkForeign(root)
  const counters = newCounters()
  const order = new FlushOrder(settings.windowMs)
  const data = (await findDirectory([DATA_DIRECTORY], { create: true, directory: root }))!
  let log: StateLog | undefined
  const age = (): number => log?.age ?? 0
  const pool = new Pool({ directory: data, counters, order, maxFiles: settings.maxFiles, age })
  try {
    const openLog = (): Promise<StateLog> =>
      StateLog.open({ directory: root, counters, level: settings.level, order })
    // Each waits for another process most of the time.
    const [opened, filesOpened] = await Promise.allSettled([openLog(), pool.openAll()])
    if (opened.status === 'fulfilled') log = opened.value
    if (filesOpened.status === 'rejected') throw filesOpened.reason
    // The log needs two handles more than any pool file needs one.
    if (log === undefined && pool.giveUpHandles()) log = await openLog()
    if (log === undefined) throw (opened as PromiseRejectedResult).reason
    const { tree, regions, closed } = await load(log, pool)
    const content = new PoolContent({ pool, order, log, closed, estimate, ...settings }, regions)
    const vfs = new InodeFs<PoolFact>({
      backend: 'opfs-ahp',
      name,
      level: settings.level,
      capabilities: {
        persistent: true,
        synchronousFsync: true,
        hardLinks: true,
        sharedMemoryWithoutCopy: false,
        maxFileSize: FILE_SIZE_MAX,
      },
      content,
      metadata: log,
      tree,
      stats: () => ({ ...counters }),
      release,
    })
    await content.housekeeping()
    await estimated
    return vfs
  } catch (error) {
    order.cancel()
    pool.closeAll()
    await log?.close(false)
    throw error
  }
}

/** What the files hold, with everything ready to be written to. */
async function load(log: StateLog, pool: Pool): Promise<LoadedStore> {
  const replayed = replay(log)
  if (replayed === undefined) return await create(log, pool)
  const { tree, placement, closed } = replayed
  await pool.recognize(placement.files, placement.usedFiles())
  const regions = placeRegions(replayed, pool)
  // What a killed session wrote can be read but may not be on storage. Once flushed, what is read here
  // is what a power cut would leave; before that nothing is written, cut or reused. The log, too: what
  // it says is free may belong to a file in the state that a power cut would bring back.
  if (!closed) for (const file of pool.files) file.storage.flushAlways()
  log.begin()
  emptyLeftovers(pool, closed)
  pool.closeSurplus()
  return { tree, regions, closed }
}

async function create(log: StateLog, pool: Pool): Promise<LoadedStore> {
  await pool.recognize(new Map(), new Set())
  for (const file of pool.files) {
    if (file.storage.size === 0) continue
    throw new VfsError('EIO', 'open', {
      path: file.storage.path,
      detail:
        'there is content but no state to go with it, so the store is damaged or never settled; ' +
        'deleteOpfsAhp(name) removes what is left of it',
    })
  }
  await pool.createFirst()
  const builder = new TreeBuilder()
  const facts: StoredFact[] = [...pool.takeFileFacts()]
  for (const inode of emptyTree().inodes.values()) {
    const fact = inodeFact(inode)
    facts.push(fact)
    builder.apply(fact)
  }
  log.initialize(facts)
  return { tree: builder.build(), regions: new Map(), closed: true }
}
