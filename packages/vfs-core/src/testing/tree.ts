// A whole tree as plain data, for comparing what a file system holds before and after something:
// a refused operation, a remount. Access times are left out, since taking the picture may move them.

import {
  isDirectory,
  isRegular,
  isSymlink,
  ROOT_INO,
  type Ino,
  type Vfs,
} from '../contract/index.ts'

/** Contents up to this size are compared whole; of larger files, this much at either end. */
const WHOLE_CONTENT_MAX = 1 << 20

/** What a read must overwrite, so that a zero has to be read to be there. */
const UNREAD = 0x5a

export interface TreeNode {
  readonly ino: Ino
  readonly mode: number
  readonly nlink: number
  readonly size: number
  readonly mtime: number
  readonly ctime: number
  readonly target?: string
  readonly content?: Uint8Array
  /** In the order of `readdir`. */
  readonly entries?: readonly (readonly [name: string, node: TreeNode])[]
}

/** Everything below `ino`, the root unless given. */
export function treeOf(vfs: Vfs, ino: Ino = ROOT_INO): TreeNode {
  const { mode, nlink, size, mtime, ctime } = vfs.getattr(ino)
  const node = { ino, mode, nlink, size, mtime, ctime }
  if (isDirectory(mode)) {
    return { ...node, entries: vfs.readdir(ino).map((e) => [e.name, treeOf(vfs, e.ino)] as const) }
  }
  if (isSymlink(mode)) return { ...node, target: vfs.readlink(ino) }
  return isRegular(mode) ? { ...node, content: contentOf(vfs, ino, size) } : node
}

function contentOf(vfs: Vfs, ino: Ino, size: number): Uint8Array {
  if (size <= WHOLE_CONTENT_MAX) {
    const content = new Uint8Array(size).fill(UNREAD)
    return content.subarray(0, vfs.read(ino, content, 0))
  }
  const ends = new Uint8Array(2 * WHOLE_CONTENT_MAX).fill(UNREAD)
  vfs.read(ino, ends.subarray(0, WHOLE_CONTENT_MAX), 0)
  vfs.read(ino, ends.subarray(WHOLE_CONTENT_MAX), size - WHOLE_CONTENT_MAX)
  return ends
}
