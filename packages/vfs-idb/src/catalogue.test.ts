// What a head says after any batches: the newest of each fact, in the order of `readdir`.

import type { Fact } from '@wasm-vfs/core/backend'
import { expect, it } from 'vitest'
import { Catalogue } from './catalogue.ts'

const inode = (ino: number, size: number): Fact => ({
  type: 'inode',
  ino,
  mode: ino === 1 ? 0o040755 : 0o100640,
  size,
  atime: 1,
  mtime: 2,
  ctime: 3,
  target: undefined,
})
const entry = (name: string, ino: number): Fact => ({ type: 'entry', parent: 1, name, ino })
const next = (ino: number): Fact => ({ type: 'next', ino })

it('has the newest inode, entry and number, and none that was dropped or removed', () => {
  const before = new Catalogue()
  for (const fact of [next(4), inode(1, 0), inode(2, 10), inode(3, 20), entry('a', 2)]) {
    before.apply(fact)
  }
  const after = before.with([
    next(6),
    inode(2, 30),
    { type: 'drop', ino: 3 },
    entry('b', 2),
    entry('c', 2),
    entry('a', 2),
    { type: 'remove', parent: 1, name: 'b' },
  ])
  expect([...after.facts()]).toEqual([
    next(6),
    inode(1, 0),
    inode(2, 30),
    entry('c', 2),
    entry('a', 2),
  ])
  // The batch may fail.
  expect([...before.facts()]).toEqual([
    next(4),
    inode(1, 0),
    inode(2, 10),
    inode(3, 20),
    entry('a', 2),
  ])
})
