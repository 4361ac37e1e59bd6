// Running out of space, on the one backend whose space a test can bound: ENOSPC comes from the call that
// asks for the space, changes nothing, and leaves the file system usable.

import { openMemory, ROOT_INO, type Ino, type Vfs } from '@wasm-vfs/core'
import { expect, it } from 'vitest'
import { findDifference, refuses } from '../../src/testing/assert.ts'
import { pattern, readFile, writeFile } from '../../src/testing/content.ts'

const KIB = 1024
const CAPACITY = 512 * KIB

const open = (): Promise<Vfs> => openMemory('small', { capacity: CAPACITY })

/** Fills the file system to the last block with files of this size. */
function fill(vfs: Vfs, size: number): Ino[] {
  const files: Ino[] = []
  while (vfs.statfs().blocksFree * vfs.statfs().blockSize >= size) {
    files.push(writeFile(vfs, `fill${files.length}`, pattern(size, files.length)))
  }
  return files
}

it('a write that does not fit is ENOSPC and changes nothing', async () => {
  const vfs = await open()
  const file = writeFile(vfs, 'file', pattern(250 * KIB))
  refuses(vfs, 'ENOSPC', 'write', () => vfs.write(file, pattern(300 * KIB), 250 * KIB))
  refuses(vfs, 'ENOSPC', 'write', () => vfs.write(file, pattern(2 * CAPACITY), 0))
  const empty = vfs.create(ROOT_INO, 'empty', 0o644)
  refuses(vfs, 'ENOSPC', 'write', () => vfs.write(empty, pattern(300 * KIB), 0))
  expect(findDifference(readFile(vfs, file), pattern(250 * KIB), '')).toBeUndefined()
})

it('a full file system still reads, overwrites, renames and removes', async () => {
  const vfs = await open()
  const files = fill(vfs, 64 * KIB)
  expect(files.length).toBe(CAPACITY / (64 * KIB))
  const [first, second] = files as [Ino, Ino]
  refuses(vfs, 'ENOSPC', 'write', () => vfs.write(first, pattern(1), 64 * KIB))
  vfs.write(second, pattern(64 * KIB, 99), 0)
  expect(findDifference(readFile(vfs, second), pattern(64 * KIB, 99), '')).toBeUndefined()
  vfs.rename(ROOT_INO, 'fill0', ROOT_INO, 'renamed')
  expect(
    findDifference(readFile(vfs, vfs.lookup(ROOT_INO, 'renamed')), pattern(64 * KIB, 0), ''),
  ).toBeUndefined()
  await vfs.sync()
  vfs.unlink(ROOT_INO, 'renamed')
  const again = writeFile(vfs, 'again', pattern(64 * KIB, 5))
  expect(findDifference(readFile(vfs, again), pattern(64 * KIB, 5), '')).toBeUndefined()
})

it('a refused write gives back what it had reserved', async () => {
  const vfs = await open()
  const file = writeFile(vfs, 'file')
  for (let round = 0; round < 5; round++) {
    refuses(vfs, 'ENOSPC', 'write', () => vfs.write(file, pattern(CAPACITY + KIB), 0))
  }
  writeFile(vfs, 'other', pattern(450 * KIB))
  expect(
    findDifference(readFile(vfs, vfs.lookup(ROOT_INO, 'other')), pattern(450 * KIB), ''),
  ).toBeUndefined()
})

it('removed and cut files give their space back', async () => {
  const vfs = await open()
  for (let round = 0; round < 10; round++) {
    const removed = writeFile(vfs, 'removed', pattern(250 * KIB, round))
    const cut = writeFile(vfs, `cut${round}`, pattern(100 * KIB, round))
    vfs.truncate(cut, 0)
    vfs.acquire(removed)
    vfs.unlink(ROOT_INO, 'removed')
    vfs.release(removed)
  }
  expect(vfs.readdir(ROOT_INO).length).toBe(10)
})
