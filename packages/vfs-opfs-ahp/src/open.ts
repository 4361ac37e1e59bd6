// Opening and deleting a store: takes the lock, finds or makes the files, replays the state, and puts
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
  type Durability,
  type DurabilityLevel,
  type Ino,
  type OwnershipOptions,
  type ReleaseLock,
  type Tree,
  type Vfs,
} from '@wasm-vfs/core/backend'
import {
  checkEnvironment,
  checkForeign,
  checkStoreName,
  findDirectory,
  removeStore,
} from './directory.ts'
import { DATA_DIRECTORY } from './layout.ts'
import { isTreeFact, type StoredFact } from './log/fact-codec.ts'
import { StateLog } from './log/state-log.ts'
import { PoolContent, type Region } from './pool/content.ts'
import { PlacementBuilder, type PoolFact } from './pool/facts.ts'
import { FlushOrder } from './pool/flush-order.ts'
import { Pool } from './pool/pool.ts'
import { placeRegions } from './pool/placement.ts'
import { newCounters } from './storage/counters.ts'

export interface OpfsAhpOptions extends OwnershipOptions {
  /**
   * What a power cut may take. `strict` (default): nothing that was fsynced. `relaxed`: at most the
   * last `windowMs` of commits, never consistency. Neither loses anything when only the tab, the
   * worker or the browser dies.
   */
  readonly durability?: Exclude<Durability, 'none'>
  /** Relaxed only: the longest a flush is put off, in milliseconds. Default 500. */
  readonly windowMs?: number
  /** Most access handles to hold, at least 8. Default 64; Safari allows 252 in an origin. */
  readonly maxHandles?: number
  /** Most bytes of written data to gather before they are handed to the browser. Default 16 MiB. */
  readonly cacheBytes?: number
  /** Where stores are kept. Default: the root of the origin's private file system. */
  readonly directory?: FileSystemDirectoryHandle
}

interface Settings {
  readonly level: DurabilityLevel
  readonly windowMs: number
  readonly maxFiles: number
  readonly cacheBytes: number
}

interface LoadedStore {
  readonly tree: Tree
  readonly regions: Map<Ino, Region>
}

const WINDOW_MS = 500
const CACHE_BYTES = 16 * 1024 * 1024
const HANDLES = 64
const HANDLES_MIN = 8
const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'durability',
  'windowMs',
  'maxHandles',
  'cacheBytes',
  'directory',
  'wait',
])

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

/**
 * Deletes the store called `name`; nothing happens if there is none. Only files that a store is made
 * of are removed; a directory that holds others stays, with them. EBUSY if the store is open.
 */
export async function deleteOpfsAhp(
  name: string,
  options: Pick<OpfsAhpOptions, 'directory' | 'wait'> = {},
): Promise<void> {
  const path = checkStoreName(name)
  checkEnvironment(options.directory)
  const release = await takeOwnership(lockName(name), options)
  try {
    const parent = await findDirectory(path.slice(0, -1), { ...options, create: false })
    const root = await findDirectory(path, { ...options, create: false })
    if (parent !== undefined && root !== undefined) await removeStore(parent, root, path.at(-1)!)
  } catch (error) {
    throw toVfsError(error, 'delete', { path: name })
  } finally {
    await release()
  }
}

async function openStore(
  name: string,
  root: FileSystemDirectoryHandle,
  settings: Settings,
  release: ReleaseLock,
): Promise<Vfs> {
  await checkForeign(root)
  const counters = newCounters()
  const order = new FlushOrder(settings.windowMs)
  const data = await root.getDirectoryHandle(DATA_DIRECTORY, { create: true })
  const pool = new Pool({ directory: data, counters, order, maxFiles: settings.maxFiles })
  let log: StateLog | undefined
  try {
    log = await StateLog.open({ directory: root, counters, level: settings.level })
    const { tree, regions } = await load(log, pool)
    const content = new PoolContent({ pool, order, log, ...settings }, regions)
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
  const loaded = log.load()
  if (loaded === undefined) return await create(log, pool)
  const tree = new TreeBuilder()
  const placement = new PlacementBuilder()
  for (const fact of loaded.facts) {
    placement.apply(fact)
    if (isTreeFact(fact)) tree.apply(fact)
  }
  const built = tree.build()
  await pool.openAll(placement.files, placement.usedFiles())
  const regions = placeRegions(placement, built, pool, loaded.closed)
  // What a killed session wrote can be read but may not be on storage. Once flushed, what is read here
  // is what a power cut would leave; before that nothing is written, and nothing free is reused.
  if (!loaded.closed) for (const file of pool.files) file.storage.flushAlways()
  log.begin()
  return { tree: built, regions }
}

async function create(log: StateLog, pool: Pool): Promise<LoadedStore> {
  await pool.openAll(new Map(), new Set())
  for (const file of pool.files) {
    if (file.storage.size === 0) continue
    throw new VfsError('EIO', 'open', {
      path: file.storage.path,
      detail:
        'there is content but no state to go with it, so the store is damaged or never settled; ' +
        'deleteOpfsAhp(name) removes what is left of it',
    })
  }
  await pool.createPack()
  const builder = new TreeBuilder()
  const facts: StoredFact[] = [...pool.takeFileFacts()]
  for (const inode of emptyTree().inodes.values()) {
    const fact = inodeFact(inode)
    facts.push(fact)
    builder.apply(fact)
  }
  log.initialize(facts)
  return { tree: builder.build(), regions: new Map() }
}

function checkOptions(options: OpfsAhpOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!KNOWN_OPTIONS.has(key)) {
      throw new TypeError(
        `openOpfsAhp: unknown option '${key}'; there are ${[...KNOWN_OPTIONS].join(', ')}`,
      )
    }
  }
  const { durability = 'strict' } = options
  if (durability !== 'strict' && durability !== 'relaxed') {
    throw new TypeError(`openOpfsAhp: durability is 'strict' or 'relaxed', not '${durability}'`)
  }
  return {
    level: { current: durability },
    windowMs: checkNumber('windowMs', options.windowMs ?? WINDOW_MS, 0),
    maxFiles: checkNumber('maxHandles', options.maxHandles ?? HANDLES, HANDLES_MIN) - 2,
    cacheBytes: checkNumber('cacheBytes', options.cacheBytes ?? CACHE_BYTES, 0),
  }
}

function checkNumber(option: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw new TypeError(`openOpfsAhp: ${option} is a number of at least ${least}, not ${value}`)
}

function lockName(name: string): string {
  return `wasm-vfs/opfs-ahp:${name}`
}
