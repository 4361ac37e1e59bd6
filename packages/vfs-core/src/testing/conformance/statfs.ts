// statfs: numbers that programs use to decide whether there is room.

import { NAME_MAX, ROOT_INO } from '../../contract/index.ts'
import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, writeFile } from '../content.ts'

export const statfs: Requirement = requirement('statfs', [
  {
    name: 'blocks are whole, no more of them free than there are, and names have their limit',
    async run({ vfs }) {
      writeFile(vfs, 'file', pattern(100_000))
      await vfs.sync()
      const { blockSize, blocks, blocksFree, nameMax } = vfs.statfs()
      check(Number.isSafeInteger(blockSize) && blockSize > 0, `a block size, not ${blockSize}`)
      check(Number.isSafeInteger(blocks) && blocks > 0, `a number of blocks, not ${blocks}`)
      check(Number.isSafeInteger(blocksFree), `a number of free blocks, not ${blocksFree}`)
      check(blocksFree >= 0 && blocksFree <= blocks, `${blocksFree} free of ${blocks}`)
      equal(nameMax, NAME_MAX, 'nameMax')
    },
  },
  {
    name: 'files counts inodes: each file, directory and symlink, and the root',
    run({ vfs }) {
      equal(vfs.statfs().files, 1, 'inodes of an empty store')
      const file = writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'link', 'file')
      if (vfs.capabilities.hardLinks) vfs.link(file, ROOT_INO, 'again')
      equal(vfs.statfs().files, 4, 'inodes')
      vfs.rmdir(ROOT_INO, 'directory')
      vfs.unlink(ROOT_INO, 'link')
      equal(vfs.statfs().files, 2, 'inodes left')
    },
  },
  {
    name: 'files counts a held file that has no name, until it is released',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.acquire(file)
      vfs.unlink(ROOT_INO, 'file')
      equal(vfs.statfs().files, 2, 'inodes, one held')
      vfs.release(file)
      equal(vfs.statfs().files, 1, 'inodes')
    },
  },
])
