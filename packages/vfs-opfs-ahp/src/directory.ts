// A store's directory in OPFS: what may be its name, how it is found, what in it is ours.

import { namesIn, toVfsError, VfsError, withDeadline } from '@wasm-vfs/core/backend'
import { DATA_DIRECTORY, dataFileSerial, STATE_FILES } from './layout.ts'

const OWN_FILES: ReadonlySet<string> = new Set(STATE_FILES)

/** The components of a store's name. TypeError if it is no string, EINVAL if OPFS has no such name. */
export function checkStoreName(name: string): string[] {
  if (typeof name !== 'string')
    throw new TypeError(`a store's name is a string, not ${typeof name}`)
  const path = name.split('/')
  for (const part of path) {
    if (part === '' || part === '.' || part === '..' || part.includes('\\')) {
      throw new VfsError('EINVAL', 'open', {
        path: name,
        detail: `a store's name is a directory in OPFS, and '${part}' cannot be one`,
      })
    }
  }
  return path
}

/** The Web Lock that the owner of a store holds. */
export function lockName(name: string): string {
  return `wasm-vfs/opfs-ahp:${name}`
}

/** ENOTSUP, saying why and what to do, where sync access handles cannot be had. */
export function checkEnvironment(directory: FileSystemDirectoryHandle | undefined): void {
  if (directory !== undefined) return
  const storage = (globalThis as Partial<typeof globalThis>).navigator?.storage
  if (typeof storage?.getDirectory !== 'function') {
    throw new VfsError('ENOTSUP', 'open', {
      detail:
        'there is no OPFS here (it needs a browser and https or localhost); use @wasm-vfs/idb',
    })
  }
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) {
    throw new VfsError('ENOTSUP', 'open', {
      detail:
        'there are no sync access handles here; run this in a dedicated Worker, or use @wasm-vfs/idb',
    })
  }
}

/** The directory at `path`; undefined if it is missing and not to be made. */
export async function findDirectory(
  path: readonly string[],
  options: { create: boolean; directory?: FileSystemDirectoryHandle | undefined },
): Promise<FileSystemDirectoryHandle | undefined> {
  const { create } = options
  const deadline = { operation: 'open', path: path.join('/') }
  let at =
    options.directory ??
    (await withDeadline(navigator.storage.getDirectory(), { ...deadline, call: 'getDirectory' }))
  for (const part of path) {
    try {
      const found = at.getDirectoryHandle(part, { create })
      at = await withDeadline(found, { ...deadline, call: 'getDirectoryHandle' })
    } catch (thrown) {
      const error = toVfsError(thrown, 'open', { path: path.join('/') })
      if (error.code === 'ENOENT' && !create) return undefined
      throw error
    }
  }
  return at
}

/** EEXIST if the directory holds something but no store: making one there could bury it. */
export async function checkForeign(root: FileSystemDirectoryHandle): Promise<void> {
  const names = await namesIn(root, 'open')
  if (names.some((name) => OWN_FILES.has(name))) return
  const foreign = names.filter((name) => name !== DATA_DIRECTORY)
  if (foreign.length === 0) return
  throw new VfsError('EEXIST', 'open', {
    path: root.name,
    detail: `the directory holds something else (${foreign.slice(0, 3).join(', ')}); choose another name`,
  })
}

/** Removes what a store is made of, and the directory if nothing else is in it. */
export async function removeStore(
  parent: FileSystemDirectoryHandle,
  root: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  // The state goes first: without it the rest is nothing, and a removal that is cut short leaves
  // no state that names missing files.
  for (const file of STATE_FILES) await removeIfThere(root, file)
  const data = await findDirectory([DATA_DIRECTORY], { create: false, directory: root })
  if (data !== undefined) {
    for (const each of await namesIn(data, 'delete')) {
      if (dataFileSerial(each) !== undefined) await removeIfThere(data, each)
    }
    await removeIfThere(root, DATA_DIRECTORY)
  }
  await removeIfThere(parent, name)
}

/** A missing entry is fine, and so is a directory that holds files of others: it stays. */
async function removeIfThere(directory: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    const removed = directory.removeEntry(name)
    await withDeadline(removed, { operation: 'delete', call: 'removeEntry', path: name })
  } catch (thrown) {
    const error = toVfsError(thrown, 'delete', { path: name })
    if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error
  }
}
