// The store in the real OPFS, in a dedicated worker, driven by the engine. The page reads what lies there
// by itself.

import { walk, walkToParent } from '@wasm-vfs/core'
import { serveTasks } from '@wasm-vfs/core/testing'
import { removeIoStore } from '../../src/io/open-store.ts'
import {
  closeSession,
  land,
  makeDirectory,
  move,
  openSessionIn,
  put,
  sync,
  treeOf,
  unlink,
  type Session,
} from './harness.ts'

let session: Session | undefined

const current = (): Session => {
  if (session === undefined) throw new Error('no store is open')
  return session
}

// What is committed is brought to OPFS at once, as if nobody asked for anything for a while.
let landing = true

const settle = async (): Promise<void> => {
  await sync(current())
  if (landing) await land(current())
}

interface OpenTask {
  readonly name: string
  readonly maxHandles?: number
  readonly acceptMissing?: boolean
  readonly lands?: boolean
}

serveTasks({
  async open({ name, maxHandles = 64, acceptMissing = false, lands = true }: OpenTask) {
    landing = lands
    session = await openSessionIn({}, { name, maxHandles, acceptMissing })
  },
  async close() {
    await closeSession(current())
    session = undefined
  },
  remove: (name: string) => removeIoStore(name),
  tree: () => treeOf(current().vfs),
  reserve: (bytes: number) => current().store.reserve(bytes),
  handles: () => current().store.stats().handles,
  async put(files: readonly (readonly [path: string, text: string])[]) {
    for (const [path, text] of files) put(current().vfs, path, text)
    await settle()
  },
  async mkdir(path: string) {
    makeDirectory(current().vfs, path)
    await settle()
  },
  async overwrite([path, text]: readonly [path: string, text: string]) {
    const { vfs } = current()
    vfs.write(walk(vfs, path), new TextEncoder().encode(text), 0)
    vfs.fsync(walk(vfs, path))
    await current().flush()
    if (landing) await land(current())
  },
  async move([from, to]: readonly [from: string, to: string]) {
    move(current().vfs, from, to)
    await settle()
  },
  async unlink(path: string) {
    unlink(current().vfs, path)
    await settle()
  },
  async rmdir(path: string) {
    const { vfs } = current()
    const { parent, name } = walkToParent(vfs, path)
    vfs.rmdir(parent, name)
    await settle()
  },
  /** As in an engine that has OPFS and no sync access handles. */
  hideAccessHandles() {
    delete (FileSystemFileHandle.prototype as Partial<FileSystemFileHandle>).createSyncAccessHandle
  },
})
