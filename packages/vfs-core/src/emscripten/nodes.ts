// Nodes of FS's name cache and their ids. FS finds a cached name by the *id* of its parent, across all
// mounts of a module, and getdents reports the id as `d_ino`. So an id must be unique among all
// directories of the module, and must be what stat reports as `st_ino`, alike for two hard links.
//
// Hence each mount has a range of its own, far above the ids that FS counts up from 1 for MEMFS and its
// other file systems: id = range · 2^40 + ino. The range is a multiple of 2^32, so programs that cut
// st_ino to 32 bits still see distinct numbers; st_dev tells mounts apart.

import { ROOT_INO, VfsError, type Ino } from '../contract/index.ts'
import type { FSInternals, FSNode } from './fs.ts'

const IDS_PER_MOUNT = 2 ** 40
const MOUNTS_MAX = 2 ** 53 / IDS_PER_MOUNT - 1
/** `st_dev` of the first mount; MEMFS has 1, NODEFS the host's small numbers. */
const FIRST_DEVICE = 0x7666_7300

// On FS itself and by a registered symbol: two copies of this package in one program share it.
const MOUNT_COUNT = Symbol.for('@wasm-vfs/core/mount-count')

/** The root node of a new mount. */
export function makeRoot(FS: FSInternals, mode: number): FSNode {
  const counted = FS as FSInternals & { [MOUNT_COUNT]?: number }
  const range = (counted[MOUNT_COUNT] ?? 0) + 1
  if (range > MOUNTS_MAX) {
    throw new VfsError('EMFILE', 'mount', { detail: `a module has at most ${MOUNTS_MAX} mounts` })
  }
  counted[MOUNT_COUNT] = range
  const root = FS.createNode(null, '/', mode, 0)
  // A root is its own parent, so its place in the name table depends on its own id.
  FS.hashRemoveNode(root)
  root.ino = ROOT_INO
  root.id = range * IDS_PER_MOUNT + ROOT_INO
  FS.hashAddNode(root)
  return root
}

/** A node for a name that leads to `ino`. Its own id may still change: nothing is below it yet. */
export function makeNode(
  FS: FSInternals,
  parent: FSNode,
  name: string,
  ino: Ino,
  mode: number,
): FSNode {
  if (ino >= IDS_PER_MOUNT) {
    throw new VfsError('EOVERFLOW', 'lookup', {
      path: name,
      detail: `inode number ${ino} is above ${IDS_PER_MOUNT}`,
    })
  }
  const node = FS.createNode(parent, name, mode, 0)
  node.ino = ino
  node.id = parent.id - parent.ino + ino
  node.node_ops = parent.node_ops
  return node
}

/** The cached node of a name, without asking the file system. */
export function cachedNode(FS: FSInternals, parent: FSNode, name: string): FSNode | undefined {
  let node = FS.nameTable[FS.hashName(parent.id, name)]
  while (node !== undefined && (node.parent !== parent || node.name !== name)) {
    node = node.name_next
  }
  return node
}

/** The `st_dev` of a node's mount. */
export function deviceOf(node: FSNode): number {
  return FIRST_DEVICE + Math.floor(node.id / IDS_PER_MOUNT)
}
