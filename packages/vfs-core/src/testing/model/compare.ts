// Holds a file system against the model: every node, name, attribute and byte.

import { BLOCK_SIZE, S_IFDIR, S_IFLNK, S_IFREG, type Ino, type Vfs } from '../../contract/index.ts'
import { check, equal, throwsError } from '../assert.ts'
import { unreadBuffer } from '../content.ts'
import type { PlainFs, PlainNode, Span } from './plain-fs.ts'

export const TYPES: Readonly<Record<PlainNode['kind'], number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
}

/** Throws a ConformanceFailure at the first difference. `gone` are inodes that must not exist. */
export function compareWithModel(vfs: Vfs, model: PlainFs, gone: Iterable<Ino>): void {
  const nodes = model.nodes()
  equal(vfs.statfs().files, nodes.length, 'inodes')
  for (const node of nodes) compareNode(vfs, model, node)
  for (const ino of gone) throwsError('ESTALE', 'getattr', () => vfs.getattr(ino))
}

function compareNode(vfs: Vfs, model: PlainFs, node: PlainNode): void {
  const about = `inode ${node.ino}`
  const found = vfs.getattr(node.ino)
  equal(found.ino, node.ino, `${about}: ino`)
  equal(found.mode.toString(8), (TYPES[node.kind] | node.permissions).toString(8), `${about}: mode`)
  equal(found.nlink, model.links(node), `${about}: nlink`)
  equal(found.size, sizeOf(node), `${about}: size`)
  checkTime(found.mtime, node.mtime, `${about}: mtime`)
  checkTime(found.ctime, node.ctime, `${about}: ctime`)
  switch (node.kind) {
    case 'file':
      compareContent(vfs, node.ino, node.bytes)
      break
    case 'symlink':
      equal(vfs.readlink(node.ino), node.target, `${about}: target`)
      break
    case 'directory': {
      const expected = [...node.entries].map(([name, { ino, kind }]) => {
        return { name, ino, type: TYPES[kind] }
      })
      equal(vfs.readdir(node.ino), expected, `${about}: entries`)
      const parent = model.parentOf(node)
      if (parent !== undefined) equal(vfs.lookup(node.ino, '..'), parent.ino, `${about}: parent`)
      for (const [name, { ino }] of node.entries) {
        equal(vfs.lookup(node.ino, name), ino, `${about}: '${name}'`)
      }
    }
  }
}

function sizeOf(node: PlainNode): number {
  if (node.kind === 'directory') return BLOCK_SIZE
  return node.kind === 'file' ? node.bytes.length : new TextEncoder().encode(node.target).length
}

function compareContent(vfs: Vfs, ino: Ino, expected: Uint8Array): void {
  // One byte more than there is, so that a file that reads on beyond its size is seen.
  const found = unreadBuffer(expected.length + 1)
  const length = vfs.read(ino, found, 0)
  equal(found.subarray(0, length), expected, `inode ${ino}: content`)
}

function checkTime(found: number, { min, max }: Span, about: string): void {
  check(found >= min && found <= max, `${about}: expected ${min} to ${max}, got ${found}`)
}
