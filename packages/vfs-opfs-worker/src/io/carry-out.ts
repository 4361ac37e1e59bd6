// Carries a plan out in OPFS. Each step may have been done before a crash, so each finds out whether
// something is left to do; what other code has taken away meanwhile is passed over.

import { toVfsError, type Ino } from '@wasm-vfs/core/backend'
import { makingWay, moveTo } from './aside.ts'
import { forAll, isAbsent, type Directories } from './directories.ts'
import { needsMark, type Move, type Plan } from './plan.ts'
import type { StoredFile } from './stored-file.ts'

export interface CarryOutParts {
  readonly directories: Directories
  /** The file as the store knows it; none while a store is being opened. */
  readonly fileOf: (ino: Ino) => StoredFile | undefined
  /** An open file can neither be moved nor removed. */
  readonly closeHandle: (file: StoredFile) => void
  /** All evacuations are done, which the log must say before the first move. */
  readonly markStaged: () => void | Promise<void>
}

/** `staged`: a session before has marked the evacuations as done. */
export async function carryOut(plan: Plan, parts: CarryOutParts, staged: boolean): Promise<void> {
  const { directories } = parts
  for (const path of plan.makeDirectories) await makeDirectory(path, directories)
  if (!staged) {
    await forAll(plan.evacuations, (each) => move(each, parts))
    if (needsMark(plan)) await parts.markStaged()
  }
  await forAll(plan.removals, async ({ ino, path }) => {
    const file = parts.fileOf(ino)
    if (file !== undefined) parts.closeHandle(file)
    // A directory that takes the file's place may be there already.
    else if ((await directories.find(path)) === undefined) return
    await directories.remove(path)
  })
  for (const path of plan.clearDirectories) await directories.removeDirectory(path)
  for (const path of plan.makeDirectoriesLater) await makeDirectory(path, directories)
  await forAll(plan.moves, (each) => move(each, parts))
  for (const path of plan.removeDirectories) await directories.removeDirectory(path)
}

async function makeDirectory(path: string, directories: Directories): Promise<void> {
  await makingWay(directories, path, () => directories.make(path))
}

async function move({ ino, from, to }: Move, parts: CarryOutParts): Promise<void> {
  const { directories } = parts
  const file = parts.fileOf(ino)
  if (file !== undefined) {
    if (file.path === to) return
    parts.closeHandle(file)
  }
  const handle = file?.handle ?? (await directories.find(from))
  if (handle === undefined) return
  try {
    await moveTo(directories, handle, to)
  } catch (thrown) {
    const error = toVfsError(thrown, 'rename', { path: from })
    if (!isAbsent(error)) throw error
    if (file === undefined) return
  }
  if (file === undefined) return
  file.path = to
  file.handle = handle
  file.hasMoved = true
}
