// Content of a file that has no place in OPFS yet, put into staging: it has become large, or there is no room
// for it in memory or in the journal. The batch that names it, or a line of its own, tells the log.

import { toVfsError, type Ino } from '@wasm-vfs/core/backend'
import { STAGING_PATH, stagingPath } from './layout.ts'
import type { StoreParts } from './parts.ts'
import { StoredFile } from './stored-file.ts'

/** The bytes stay in memory, too. */
export async function stage(parts: StoreParts, ino: Ino): Promise<StoredFile> {
  const { directories, resident, handles, files, access, tree, sidecar } = parts
  const path = stagingPath(ino)
  const file = new StoredFile(ino, path, 0)
  const size = resident.sizeOf(ino)
  // A failed attempt may have left something.
  file.isTorn = true
  try {
    await directories.get(STAGING_PATH, { create: true })
    file.handle = await directories.file(path, { create: true })
    await handles.with(file, (open) => {
      open.truncate(0)
      if (resident.has(ino)) resident.writeTo(ino, open)
      // The program may rely on what frames say of it, and they are about to be void.
      if (tree.inodes.has(ino)) open.flush()
    })
    await access.settle()
  } catch (thrown) {
    handles.close(file)
    await directories.remove(path)
    throw toVfsError(thrown, 'write', { path })
  }
  file.isTorn = false
  file.size = size
  file.lastWriteEnd = size
  // Until a batch names it nobody reads it after a crash, so no note in the log is needed.
  file.dirtySeq = sidecar.seq
  files.set(ino, file)
  return file
}
