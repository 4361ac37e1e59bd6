// Facts of a right form that contradict each other: the tree is not built, and the error says why.

import { describe, expect, it } from 'vitest'
import { ROOT_INO, S_IFDIR, S_IFREG } from '../contract/index.ts'
import { TreeBuilder, type Tree } from './inode.ts'
import type { Fact } from './ports.ts'

const DIRECTORY = S_IFDIR | 0o755
const FILE = S_IFREG | 0o644

const inode = (ino: number, mode: number): Fact => ({
  type: 'inode',
  ino,
  mode,
  size: 0,
  atime: 1,
  mtime: 2,
  ctime: 3,
})
const entry = (parent: number, name: string, ino: number): Fact => ({
  type: 'entry',
  parent,
  name,
  ino,
})
const ROOT = inode(ROOT_INO, DIRECTORY)

function built(...facts: readonly Fact[]): Tree {
  const builder = new TreeBuilder()
  for (const fact of facts) builder.apply(fact)
  return builder.build()
}

describe('a tree of facts', () => {
  it('is built, with inodes that have no name as orphans', () => {
    const tree = built(ROOT, inode(2, DIRECTORY), entry(1, 'd', 2), inode(3, FILE), inode(4, FILE))
    expect(tree.inodes.get(1)?.entries?.get('d')?.ino).toBe(2)
    expect(tree.orphans.map(({ ino }) => ino)).toEqual([3, 4])
  })

  it('gives no inode number out twice, whatever the facts call the next', () => {
    expect(built(ROOT, inode(9, FILE), { type: 'next', ino: 4 }).nextIno).toBe(10)
    expect(built(ROOT, inode(9, FILE), { type: 'next', ino: 40 }).nextIno).toBe(40)
  })

  it.each([
    ['no root', [inode(2, FILE)], /root/],
    ['nothing at all', [], /no root/],
    ['a root that is a file', [inode(ROOT_INO, FILE)], /root is not a directory/],
    ['an entry that leads nowhere', [ROOT, entry(1, 'gone', 7)], /'gone'.*7.*does not exist/],
    [
      'an entry of what was dropped',
      [ROOT, inode(2, FILE), entry(1, 'a', 2), { type: 'drop', ino: 2 }],
      /'a'.*2.*does not exist/,
    ],
    ['entries in no directory', [ROOT, inode(2, FILE), entry(5, 'a', 2)], /5 has entries/],
    [
      'entries in a file',
      [ROOT, inode(2, FILE), inode(3, FILE), entry(1, 'a', 2), entry(2, 'b', 3)],
      /2 has entries but is no directory/,
    ],
    ['the root below itself', [ROOT, entry(1, 'root', 1)], /'root'.*two names/],
    [
      'a directory with two names',
      [ROOT, inode(2, DIRECTORY), entry(1, 'a', 2), entry(1, 'b', 2)],
      /'b'.*two names/,
    ],
    [
      'a cycle of directories',
      [ROOT, inode(2, DIRECTORY), inode(3, DIRECTORY), entry(2, 'in', 3), entry(3, 'out', 2)],
      /outside the tree/,
    ],
    [
      'a directory within itself',
      [ROOT, inode(2, DIRECTORY), entry(2, 'self', 2)],
      /outside the tree/,
    ],
    [
      'a directory with entries and without a name',
      [ROOT, inode(2, DIRECTORY), inode(3, FILE), entry(2, 'lost', 3)],
      /outside the tree/,
    ],
  ] as const)('with %s is EIO', (_, facts, what) => {
    expect(() => built(...facts)).toThrow(/EIO.*damaged/)
    expect(() => built(...facts)).toThrow(what)
  })
})
