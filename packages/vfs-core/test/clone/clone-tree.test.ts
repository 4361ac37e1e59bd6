// A clone holds what its source holds, and its source is as it was.

import { createHash } from 'node:crypto'
import { openMemory, ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { cloneTree } from '../../src/testing/clone-tree.ts'
import { treeOf, type TreeNode } from '../../src/testing/tree.ts'
import { replayTarget } from '../conformance/replay.target.ts'

const MORE_THAN_A_BUFFER = 2 ** 20 + 5
const THEN = 1_600_000_000_000

let from: Vfs
let to: Vfs
beforeEach(async () => {
  from = await openMemory()
  to = await openMemory()
})

function fill(vfs: Vfs): void {
  const directory = vfs.mkdir(ROOT_INO, 'z comes first', 0o750)
  const file = vfs.create(directory, 'file', 0o640)
  vfs.write(
    file,
    Uint8Array.from({ length: 1000 }, (_, at) => at),
    MORE_THAN_A_BUFFER,
  )
  vfs.setattr(file, { atime: THEN + 1, mtime: THEN + 2 })
  vfs.create(directory, 'empty', 0o4755)
  vfs.symlink(ROOT_INO, 'a comes second', '../nowhere')
  const deep = vfs.mkdir(vfs.mkdir(directory, 'deep', 0o700), 'deeper', 0o500)
  vfs.setattr(deep, { atime: THEN + 3, mtime: THEN + 4 })
  vfs.setattr(directory, { atime: THEN + 5, mtime: THEN + 6 })
  vfs.setattr(ROOT_INO, { mode: 0o700, atime: THEN + 7, mtime: THEN + 8 })
}

/** All of a tree that a clone has in common with its source; contents by their digests. */
function shown({ ino: _ino, ctime: _ctime, entries, content, ...node }: TreeNode): unknown {
  return {
    ...node,
    ...(content && { digest: createHash('sha256').update(content).digest('hex') }),
    ...(entries && { entries: entries.map(([name, each]) => [name, shown(each)]) }),
  }
}

describe('a clone', () => {
  it('has the names in their order, contents, modes, times and targets', async () => {
    fill(from)
    const before = shown(treeOf(from))
    await cloneTree(from, to)
    expect(shown(treeOf(to))).toEqual(before)
    expect(shown(treeOf(from))).toEqual(before)
  })

  it('has the times of access of before it was made', async () => {
    fill(from)
    await cloneTree(from, to)
    const directory = to.getattr(to.lookup(ROOT_INO, 'z comes first'))
    expect(directory.atime).toBe(THEN + 5)
    expect(to.getattr(to.lookup(directory.ino, 'file')).atime).toBe(THEN + 1)
  })

  it('has one file where the source has one file of several names', async () => {
    const file = from.create(ROOT_INO, 'one', 0o644)
    const directory = from.mkdir(ROOT_INO, 'directory', 0o755)
    from.link(file, directory, 'two')
    await cloneTree(from, to)
    const clone = to.lookup(ROOT_INO, 'one')
    expect(to.lookup(to.lookup(ROOT_INO, 'directory'), 'two')).toBe(clone)
    expect(to.getattr(clone).nlink).toBe(2)
  })

  it('is there after a remount', async () => {
    const target = replayTarget('replay', { synchronous: true, hardLinks: true })
    const store = await target.open('clone')
    fill(from)
    await cloneTree(from, store)
    await store.close()
    expect(shown(treeOf(await target.open('clone')))).toEqual(shown(treeOf(from)))
  })

  it('of an empty file system is empty', async () => {
    await cloneTree(from, to)
    expect(to.readdir(ROOT_INO)).toEqual([])
  })
})

it('is not made where something is already, which stays as it is', async () => {
  fill(from)
  to.create(ROOT_INO, 'mine', 0o644)
  const before = shown(treeOf(to))
  await expect(cloneTree(from, to)).rejects.toMatchObject({ code: 'ENOTEMPTY' })
  expect(shown(treeOf(to))).toEqual(before)
})

it('is not made of several names where there are no hard links', async () => {
  from.link(from.create(ROOT_INO, 'one', 0o644), ROOT_INO, 'two')
  const target = replayTarget('replay', { synchronous: true, hardLinks: false })
  await expect(cloneTree(from, await target.open('clone'))).rejects.toMatchObject({ code: 'EPERM' })
})
