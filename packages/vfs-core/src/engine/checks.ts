// What POSIX asks of the arguments of an operation, apart from names (names.ts). Called by InodeFs.

import { VfsError } from '../contract/index.ts'
import type { Inode } from './inode.ts'

/** What a rename may put in the place of what. EISDIR, ENOTDIR, ENOTEMPTY. */
export function checkReplace(inode: Inode, replaced: Inode, path: string): void {
  if (inode.entries === undefined) {
    if (replaced.entries !== undefined) throw new VfsError('EISDIR', 'rename', { path })
    return
  }
  if (replaced.entries === undefined) throw new VfsError('ENOTDIR', 'rename', { path })
  if (replaced.entries.size > 0) throw new VfsError('ENOTEMPTY', 'rename', { path })
}

/** EINVAL unless `value` is a byte offset or a size. */
export function checkOffset(value: number, operation: string): void {
  if (!(value >= 0) || !Number.isInteger(value)) {
    throw new VfsError('EINVAL', operation, { detail: `${value} is not an offset or size` })
  }
}
