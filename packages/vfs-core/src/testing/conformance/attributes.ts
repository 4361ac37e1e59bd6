// getattr and setattr: what an inode says of itself, and which changes are applied together.

import {
  BLOCK_SIZE,
  isDirectory,
  isRegular,
  isSymlink,
  ROOT_INO,
  S_IFMT,
  S_IFDIR,
  S_IFREG,
  S_PERMISSIONS,
  type AttributeChanges,
} from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { ascii, pattern, readFile, writeFile } from '../content.ts'

export const attributes: Requirement = requirement('attributes', [
  {
    name: 'the root of an empty store is a directory with two links',
    run({ vfs }) {
      const root = vfs.getattr(ROOT_INO)
      equal(root.ino, ROOT_INO, 'its inode number')
      check(isDirectory(root.mode), 'the root is a directory')
      equal(root.nlink, 2, 'its links')
      equal(vfs.readdir(ROOT_INO), [], 'its entries')
    },
  },
  {
    name: 'getattr names the inode it was asked for',
    run({ vfs }) {
      const ino = writeFile(vfs, 'file')
      equal(vfs.getattr(ino).ino, ino, 'ino')
    },
  },
  {
    name: 'a directory reports one block, a file its bytes, a symlink the UTF-8 bytes of its target',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'inside', ascii('content'), directory)
      const file = writeFile(vfs, 'file', pattern(12_345))
      const link = vfs.symlink(ROOT_INO, 'link', 'na\u00efve/\u{1f600}')
      equal(vfs.getattr(directory).size, BLOCK_SIZE, 'a directory')
      equal(vfs.getattr(ROOT_INO).size, BLOCK_SIZE, 'the root')
      equal(vfs.getattr(file).size, 12_345, 'a file')
      equal(vfs.getattr(link).size, 11, 'a symlink')
    },
  },
  {
    name: 'makers take permission bits, set-ID and sticky bits included, and no type bits',
    run({ vfs }) {
      const file = vfs.create(ROOT_INO, 'file', S_IFDIR | 0o6751)
      const directory = vfs.mkdir(ROOT_INO, 'directory', S_IFREG | 0o1777)
      const closed = vfs.create(ROOT_INO, 'closed', 0)
      equal(vfs.getattr(file).mode, S_IFREG | 0o6751, 'the file')
      equal(vfs.getattr(directory).mode, S_IFDIR | 0o1777, 'the directory')
      equal(vfs.getattr(closed).mode, S_IFREG, 'the file without permissions')
    },
  },
  {
    name: 'setattr changes permission bits and ignores type bits',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.setattr(file, { mode: S_IFDIR | 0o600 })
      check(isRegular(vfs.getattr(file).mode), 'a file stays a file')
      equal(vfs.getattr(file).mode & ~S_IFMT, 0o600, 'the permissions of the file')
      vfs.setattr(ROOT_INO, { mode: S_PERMISSIONS })
      equal(vfs.getattr(ROOT_INO).mode, S_IFDIR | S_PERMISSIONS, 'the mode of the root')
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      vfs.setattr(link, { mode: 0o700 })
      check(isSymlink(vfs.getattr(link).mode), 'a symlink stays a symlink')
    },
  },
  {
    name: 'setattr changes what it is given and nothing else',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      vfs.setattr(file, { atime: 1000, mtime: 2000, ctime: 3000 })
      vfs.setattr(file, { mode: 0o400, ctime: 4000 })
      const { ino: _ino, ...found } = vfs.getattr(file)
      const mode = S_IFREG | 0o400
      equal(
        found,
        { mode, nlink: 1, size: 100, atime: 1000, mtime: 2000, ctime: 4000 },
        'attributes',
      )
    },
  },
  {
    name: 'setattr takes an undefined change as absent',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.setattr(file, { atime: 1000, mtime: 2000, ctime: 3000 })
      const { mode } = vfs.getattr(file)
      vfs.setattr(file, { mode: undefined, size: undefined, atime: undefined, mtime: 5000 })
      const after = vfs.getattr(file)
      equal(
        [after.mode, after.size, after.atime, after.mtime],
        [mode, 10, 1000, 5000],
        'attributes',
      )
    },
  },
  {
    name: 'setattr of a size cuts and grows as truncate does',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.setattr(file, { size: 4 })
      vfs.setattr(file, { size: 8, mode: 0o640 })
      const expected = new Uint8Array(8)
      expected.set(pattern(10).subarray(0, 4))
      equal(readFile(vfs, file), expected, 'the content')
      equal(vfs.getattr(file).mode, S_IFREG | 0o640, 'the mode')
    },
  },
  {
    name: 'setattr applies all changes or none',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      const others: AttributeChanges = { mode: 0o600, atime: 1, mtime: 2, ctime: 3 }
      for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        refuses(vfs, 'EINVAL', 'setattr', () => vfs.setattr(file, { ...others, size }))
      }
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      refuses(vfs, 'EISDIR', 'setattr', () => vfs.setattr(directory, { ...others, size: 0 }))
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      refuses(vfs, 'EINVAL', 'setattr', () => vfs.setattr(link, { ...others, size: 0 }))
      for (const time of [Number.NaN, Number.NEGATIVE_INFINITY]) {
        refuses(vfs, 'EINVAL', 'setattr', () => vfs.setattr(file, { size: 2, mtime: time }))
      }
    },
  },
  {
    name: 'an inode keeps its number, mode and times when it gets another name',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.setattr(file, { mode: 0o640, atime: 1000, mtime: 2000 })
      const { ctime: _before, ...before } = vfs.getattr(file)
      vfs.rename(ROOT_INO, 'file', ROOT_INO, 'renamed')
      const { ctime: _after, ...after } = vfs.getattr(vfs.lookup(ROOT_INO, 'renamed'))
      equal(after, before, 'attributes')
    },
  },
])
