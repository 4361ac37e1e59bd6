// A store over a simulated OPFS, driven by the engine through recorded calls.

import {
  isDirectory,
  isSymlink,
  ROOT_INO,
  walk,
  walkToParent,
  type Ino,
  type Vfs,
} from '@wasm-vfs/core'
import type { Fact } from '@wasm-vfs/core/backend'
import {
  readContent,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import type { IoStore, IoStoreOptions } from '../../src/io/io-store.ts'
import { openIoStore, type StoreEnvironment } from '../../src/io/open-store.ts'
import { RecordedFs } from './recorded-fs.ts'

export const OPTIONS: IoStoreOptions = {
  name: 'store',
  durability: 'strict',
  windowMs: 500,
  maxHandles: 8,
  acceptMissing: false,
}

export interface Session {
  readonly store: IoStore
  readonly facts: readonly Fact[]
  readonly vfs: Vfs
  /** Makes the recorded calls on the store. */
  flush(): Promise<void>
}

export interface SessionEnvironment extends StoreEnvironment {
  /** Space for each growth is asked for first, and large files take it themselves. */
  readonly scarce?: boolean
}

export interface SimulatedSession extends Session {
  readonly opfs: SimulatedOpfs
}

export async function openSession(
  opfs: SimulatedOpfs,
  options: Partial<IoStoreOptions> = {},
  environment: SessionEnvironment = {},
): Promise<SimulatedSession> {
  const session = await openSessionIn({ directory: opfs.root, ...environment }, options)
  return { ...session, opfs }
}

export async function openSessionIn(
  { scarce = false, ...environment }: SessionEnvironment,
  options: Partial<IoStoreOptions>,
): Promise<Session> {
  const estimate = (): Promise<StorageEstimate> => Promise.resolve({ quota: 1, usage: 0 })
  const { store, facts } = await openIoStore(
    { ...OPTIONS, ...options },
    scarce ? { ...environment, estimate } : environment,
  )
  await store.openAhead()
  if (scarce) await store.housekeeping()
  const content = await readAll(store, facts)
  const fs = new RecordedFs(facts, content, { reserving: scarce })
  const flush = async (): Promise<void> => {
    for (const call of fs.take()) await call(store)
  }
  return { store, facts, vfs: fs.vfs, flush }
}

/** Closes it cleanly. */
export async function closeSession(session: Session): Promise<void> {
  await session.vfs.close()
  await session.flush()
}

export async function readAll(
  store: IoStore,
  facts: readonly Fact[],
): Promise<Map<Ino, Uint8Array>> {
  const content = new Map<Ino, Uint8Array>()
  for (const fact of facts) {
    if (fact.type !== 'inode' || fact.size === 0) continue
    const bytes = new Uint8Array(fact.size)
    await store.read(fact.ino, bytes, 0)
    content.set(fact.ino, bytes)
  }
  return content
}

export function put(vfs: Vfs, path: string, text: string | Uint8Array): Ino {
  const { parent, name } = walkToParent(vfs, path)
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const ino = vfs.create(parent, name, 0o644)
  if (bytes.length > 0) vfs.write(ino, bytes, 0)
  return ino
}

export function move(vfs: Vfs, from: string, to: string): void {
  const a = walkToParent(vfs, from)
  const b = walkToParent(vfs, to)
  vfs.rename(a.parent, a.name, b.parent, b.name)
}

export function makeDirectory(vfs: Vfs, path: string): Ino {
  const { parent, name } = walkToParent(vfs, path)
  return vfs.mkdir(parent, name, 0o755)
}

export function unlink(vfs: Vfs, path: string): void {
  const { parent, name } = walkToParent(vfs, path)
  vfs.unlink(parent, name)
}

/** Everything that the program has done is committed and acknowledged. */
export async function sync(session: Session): Promise<void> {
  await session.vfs.sync()
  await session.flush()
}

/** As an I/O worker that nobody asks for anything, until OPFS is as the program has committed it. */
export async function land({ store }: Session): Promise<void> {
  for (let steps = 0; store.isBehind; steps++) {
    if (steps > 1000) throw new Error('the landing does not come to an end')
    await store.catchUp()
  }
}

/** The whole tree as the program sees it: a line for each entry, files with their text. */
export function treeOf(vfs: Vfs): string[] {
  const lines: string[] = []
  const add = (directory: Ino, prefix: string): void => {
    for (const { name, ino } of vfs.readdir(directory)) {
      const path = `${prefix}/${name}`
      const { mode, size } = vfs.getattr(ino)
      if (isDirectory(mode)) {
        lines.push(`${path}/`)
        add(ino, path)
      } else if (isSymlink(mode)) lines.push(`${path} -> ${vfs.readlink(ino)}`)
      else {
        const bytes = new Uint8Array(size)
        vfs.read(ino, bytes, 0)
        lines.push(`${path}: ${describeBytes(bytes)}`)
      }
    }
  }
  add(ROOT_INO, '')
  return lines.sort()
}

/** The same as other code sees it in OPFS, the store's own directory left out. */
export function opfsTree(opfs: SimulatedOpfs): string[] {
  const lines: string[] = []
  const add = (directory: DirectoryImage, prefix: string): void => {
    const entries = new Map(directory.base)
    for (const { name, node } of directory.events) {
      if (node === undefined) entries.delete(name)
      else entries.set(name, node)
    }
    for (const [name, node] of entries) {
      const path = `${prefix}/${name}`
      if (path === '/.wasm-vfs') continue
      if (node.kind === 'directory') {
        lines.push(`${path}/`)
        add(node, path)
      } else {
        const { base, changes } = node
        const live = changes.length === 0 ? base : liveOf(node)
        const bytes = new Uint8Array(live.size)
        readContent(live, bytes, 0)
        lines.push(`${path}: ${describeBytes(bytes)}`)
      }
    }
  }
  const root = opfs.image()
  const store = root.events.findLast(({ name }) => name === 'store')?.node ?? root.base.get('store')
  add(store as DirectoryImage, '')
  return lines.sort()
}

type FileNode = Extract<
  DirectoryImage['base'] extends ReadonlyMap<string, infer N> ? N : never,
  { kind: 'file' }
>

function liveOf(file: FileNode): FileNode['base'] {
  const sectors = new Map(file.base.sectors)
  let { size } = file.base
  for (const change of file.changes) {
    size = change.size
    for (const [index, sector] of change.sectors) {
      if (sector === undefined) sectors.delete(index)
      else sectors.set(index, sector)
    }
  }
  return { size, sectors }
}

function describeBytes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  return text.length <= 40 ? text : `${text.slice(0, 20)}… ${bytes.length} bytes`
}

export { walk, walkToParent, SimulatedOpfs }
