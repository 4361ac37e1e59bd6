// The directories of a store in OPFS, by path from the store's own. Handles of directories are kept; they
// stand for a path, so one that is removed and made again needs no new handle.

import type { VfsError } from '@wasm-vfs/core/backend'
import { toVfsError } from '@wasm-vfs/core/backend'
import { answered } from './answered.ts'
import { joinPath, splitPath } from './names.ts'

/** Present in every engine that has OPFS, but not yet in the type library. */
interface MovableFileHandle extends FileSystemFileHandle {
  move(directory: FileSystemDirectoryHandle, name: string): Promise<void>
}

export type Listing = Map<string, FileSystemFileHandle | FileSystemDirectoryHandle>

/** How long to retry while the handle of a worker that has just died locks a file, in milliseconds. */
const LINGERING_HANDLE_MS = 3000
const RETRY_MS = 50

/** Calls of the browser under way at once: more of them do not go faster. */
const PARALLEL = 16

export class Directories {
  /** Something was in the way and has been put aside: a listing from before says nothing any more. */
  haveMadeWay = false
  /** Of the store's own directory. */
  readonly name: string
  readonly #handles = new Map<string, FileSystemDirectoryHandle>()

  constructor(root: FileSystemDirectoryHandle) {
    this.name = root.name
    this.#handles.set('', root)
  }

  async get(path: string, options: { create?: boolean } = {}): Promise<FileSystemDirectoryHandle> {
    const known = this.#handles.get(path)
    if (known !== undefined) return known
    const { directory, name } = splitPath(path)
    const parent = await this.get(directory, options)
    try {
      const asked = parent.getDirectoryHandle(name, options)
      const handle = await answered(asked, 'getDirectoryHandle', path)
      this.#handles.set(path, handle)
      return handle
    } catch (thrown) {
      throw toVfsError(thrown, 'open', { path })
    }
  }

  /** Throws what the browser throws. */
  async file(path: string, options: { create?: boolean } = {}): Promise<FileSystemFileHandle> {
    const { directory, name } = splitPath(path)
    const parent = await this.get(directory)
    return await answered(parent.getFileHandle(name, options), 'getFileHandle', path)
  }

  /** Undefined if there is no file of that path. */
  async find(path: string): Promise<FileSystemFileHandle | undefined> {
    try {
      return await this.file(path)
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined
      throw toVfsError(thrown, 'open', { path })
    }
  }

  async make(path: string): Promise<void> {
    // A handle that is kept says nothing about whether the directory is still there.
    this.forget(path)
    await this.get(path, { create: true })
  }

  /** Moves a file, over the one that may be there. */
  async move(handle: FileSystemFileHandle, to: string): Promise<void> {
    const { directory, name } = splitPath(to)
    const parent = await this.get(directory, { create: true })
    await patiently('move', to, () => (handle as MovableFileHandle).move(parent, name))
  }

  /** Removes a directory, if it is one. False if it stays, because something is in it. */
  async removeDirectory(path: string): Promise<boolean> {
    const { directory, name } = splitPath(path)
    try {
      const parent = await this.get(directory)
      await answered(parent.getDirectoryHandle(name), 'getDirectoryHandle', path)
    } catch (thrown) {
      if (isAbsent(thrown)) return true
      throw toVfsError(thrown, 'rmdir', { path })
    }
    return await this.remove(path)
  }

  /** Removes a file, or a directory with nothing in it: the content of others stays, and so does it (false). */
  async remove(path: string): Promise<boolean> {
    const { directory, name } = splitPath(path)
    try {
      const parent = await this.get(directory)
      await patiently('removeEntry', path, () => parent.removeEntry(name))
      this.forget(path)
    } catch (thrown) {
      const error = toVfsError(thrown, 'unlink', { path })
      if (error.code === 'ENOTEMPTY') return false
      if (error.code !== 'ENOENT') throw error
    }
    return true
  }

  forget(path: string): void {
    for (const known of this.#handles.keys()) {
      if (known === path || known.startsWith(`${path}/`)) this.#handles.delete(known)
    }
  }

  /** Everything below a directory, `without` one of its entries; directories are listed side by side. */
  async list(path: string, without?: string): Promise<Listing> {
    const listing: Listing = new Map()
    const add = async (directory: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      const below: Promise<void>[] = []
      const entries = directory.entries()
      for (;;) {
        const next = await answered(entries.next(), 'entries', prefix)
        if (next.done === true) break
        const [name, handle] = next.value
        if (prefix === path && name === without) continue
        const at = joinPath(prefix, name)
        listing.set(at, handle)
        if (handle.kind === 'directory') {
          this.#handles.set(at, handle)
          below.push(add(handle, at))
        }
      }
      await Promise.all(below)
    }
    try {
      await add(await this.get(path), path)
    } catch (thrown) {
      throw toVfsError(thrown, 'open', { path })
    }
    return listing
  }

  /** Has the listing say what is at `path`, and below it, now. */
  async relist(listing: Listing, path: string): Promise<void> {
    const { directory } = splitPath(path)
    // A move makes the directories that it needs.
    if (directory !== '' && !listing.has(directory)) return await this.relist(listing, directory)
    for (const known of listing.keys()) {
      if (known === path || known.startsWith(`${path}/`)) listing.delete(known)
    }
    const there = (await this.find(path)) ?? (await this.findDirectory(path))
    if (there === undefined) return
    listing.set(path, there)
    if (there.kind === 'file') return
    for (const [below, handle] of await this.list(path)) listing.set(below, handle)
  }

  /** Undefined if there is no directory of that path. */
  async findDirectory(path: string): Promise<FileSystemDirectoryHandle | undefined> {
    // A handle that is kept says nothing about whether the directory is still there.
    this.forget(path)
    try {
      return await this.get(path)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }
}

/** What a file of OPFS is now; `path` is for errors. */
export async function snapshotOf(file: FileSystemFileHandle, path: string): Promise<File> {
  return await answered(file.getFile(), 'getFile', path)
}

/** Tries again while a handle of a worker that has just died is in the way. */
async function patiently(call: string, path: string, attempt: () => Promise<void>): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await answered(attempt(), call, path)
    } catch (thrown) {
      const error = toVfsError(thrown, call, { path })
      if (error.code !== 'EBUSY' || waitedMs >= LINGERING_HANDLE_MS) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

export function isAbsent(thrown: unknown): boolean {
  const { code } = toVfsError(thrown, 'open')
  return code === 'ENOENT' || code === 'EEXIST' || code === 'ENOTDIR'
}

/**
 * Runs `work` on all items, some at a time. All have ended when it rejects with the first error. RangeError if
 * none may run: what has not been done must not look done.
 */
export async function forAll<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  parallel: number = PARALLEL,
): Promise<void> {
  if (!(parallel >= 1)) throw new RangeError(`work cannot be done ${parallel} at a time`)
  const failures: unknown[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const item = items[next++]!
      try {
        await work(item)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(Math.floor(parallel), items.length) }, worker))
  if (failures.length > 0) throw failures[0] as VfsError
}
