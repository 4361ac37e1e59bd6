// What other code has put, or a power cut has brought back, where the store is to put something else: it is
// kept, under a name next to it. Called by the landing and where names are put in order.

import { toVfsError } from '@wasm-vfs/core/backend'
import type { Directories } from './directories.ts'
import { splitPath } from './names.ts'

/**
 * Does what puts something at `path`: a directory in the way of a file gives way, and a file in the way of a
 * directory, above it too.
 */
export async function makingWay<Result>(
  directories: Directories,
  path: string,
  put: () => Promise<Result>,
): Promise<Result> {
  try {
    return await put()
  } catch (thrown) {
    const { code } = toVfsError(thrown, 'create')
    if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw thrown
    if (!(await clear(directories, path))) throw thrown
  }
  return await put()
}

async function clear(directories: Directories, path: string): Promise<boolean> {
  if (await moveAside(directories, path)) return true
  for (let at = splitPath(path).directory; at !== ''; at = splitPath(at).directory) {
    if ((await directories.find(at)) !== undefined) return await moveAside(directories, at)
  }
  return false
}

/** Moves a file, over another that is there. */
export async function moveTo(
  directories: Directories,
  file: FileSystemFileHandle,
  path: string,
): Promise<void> {
  // Firefox 153 moves a file over a directory, too, and with it removes all that is in there.
  if ((await directories.findDirectory(path)) !== undefined) await moveAside(directories, path)
  await makingWay(directories, path, () => directories.move(file, path))
}

/** A file, or a directory with all that is in it; an empty one is removed. False if nothing is there. */
export async function moveAside(directories: Directories, path: string): Promise<boolean> {
  directories.haveMadeWay = true
  const file = await directories.find(path)
  if (file !== undefined) {
    await directories.move(file, await freeName(directories, path))
    return true
  }
  const directory = await directories.findDirectory(path)
  if (directory === undefined) return false
  const below = await directories.list(path)
  if (below.size > 0) {
    const aside = await freeName(directories, path)
    await directories.make(aside)
    // Directories cannot be moved, and come before what is in them.
    for (const [from, handle] of below) {
      const to = aside + from.slice(path.length)
      if (handle.kind === 'file') await directories.move(handle, to)
      else await directories.make(to)
    }
  }
  const emptied = [...below].flatMap(([at, { kind }]) => (kind === 'directory' ? at : []))
  for (const at of [path, ...emptied].toReversed()) await directories.removeDirectory(at)
  return true
}

async function freeName(directories: Directories, path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const aside = `${path}.other-${number}`
    const file = await directories.find(aside)
    if (file === undefined && (await directories.findDirectory(aside)) === undefined) return aside
  }
}
