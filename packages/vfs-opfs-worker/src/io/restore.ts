// What an open makes of the journal: the content of small files as the last session had it, in memory. Where
// frames say only what has changed, the rest is in the file, which may be anything between then and now.

import { encodeFact, toVfsError, VfsError, type Ino, type InodeFact } from '@wasm-vfs/core/backend'
import { answered } from './answered.ts'
import { forAll, snapshotOf } from './directories.ts'
import type { FileRecord, Frame } from './journal.ts'
import type { ResidentContent } from './resident-content.ts'
import type { Replayed, Sidecar } from './sidecar.ts'
import type { StoredFile } from './stored-file.ts'

export interface RestoreParts {
  readonly replayed: Replayed
  readonly sidecar: Sidecar
  readonly files: ReadonlyMap<Ino, StoredFile>
  readonly resident: ResidentContent
}

/** Files that the journal says something of. */
export function inosOf(frames: readonly Frame[]): Set<Ino> {
  return new Set(frames.flatMap(({ records }) => records.map(({ ino }) => ino)))
}

export async function restoreContent(
  frames: readonly Frame[],
  { replayed, sidecar, files, resident }: RestoreParts,
): Promise<void> {
  const { tree, voids, applied } = replayed
  const records = new Map<Ino, FileRecord[]>()
  const unknown = new Set<Ino>()
  for (const [index, { records: all }] of frames.entries()) {
    for (const record of all) {
      const { ino } = record
      if (!tree.inodes.has(ino)) unknown.add(ino)
      else if (index >= (voids.get(ino) ?? 0))
        records.set(ino, [...(records.get(ino) ?? []), record])
    }
  }
  const baseOf = async (ino: Ino): Promise<Uint8Array> => {
    const file = files.get(ino)
    if (file !== undefined) return await bytesOf(file)
    // It was empty, so no frame said anything of it, and was made; the line that says so has been lost.
    if (applied.unmade.has(ino)) return new Uint8Array(0)
    throw contradiction(ino)
  }
  const resized: InodeFact[] = []
  const restore = async ([ino, changes]: [Ino, FileRecord[]]): Promise<void> => {
    const file = files.get(ino)
    if (file !== undefined) file.isTorn = true
    if (!changes[0]!.whole) resident.adopt(ino, await baseOf(ino))
    for (const record of changes) resident.apply(record)
    const inode = tree.inodes.get(ino)!
    const size = resident.sizeOf(ino)
    if (inode.size === size) return
    const { mode, atime, mtime, ctime } = inode
    resized.push({ type: 'inode', ino, mode, size, atime, mtime, ctime })
  }
  await forAll([...records], restore)
  if (resized.length > 0) {
    tree.apply(resized, replayed.age)
    sidecar.found({ facts: resized.map(encodeFact) })
  }
  for (const ino of applied.unmade) {
    const size = tree.inodes.get(ino)?.size ?? 0
    if (size > 0 && !resident.has(ino)) throw contradiction(ino)
  }
  // Of files whose batch never came. Their numbers will be given to others, of which they say nothing.
  if (unknown.size > 0) sidecar.found({ voided: [...unknown], frames: frames.length })
}

async function bytesOf(file: StoredFile): Promise<Uint8Array> {
  try {
    const snapshot = await snapshotOf(file.handle!, file.path)
    return new Uint8Array(await answered(snapshot.arrayBuffer(), 'arrayBuffer', file.path))
  } catch (thrown) {
    throw toVfsError(thrown, 'open', { path: file.path })
  }
}

function contradiction(ino: Ino): VfsError {
  return new VfsError('EIO', 'open', {
    detail: `the log relies on content of inode ${ino} that the journal does not have`,
  })
}
