// Making and removing directories, and their link counts.

import { ROOT_INO, S_IFDIR } from '../../contract/index.ts'
import { equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, writeFile } from '../content.ts'

export const directories: Requirement = requirement('directories', [
  {
    name: 'mkdir makes an empty directory with two links',
    run({ vfs }) {
      const ino = vfs.mkdir(ROOT_INO, 'directory', 0o750)
      const { mode, nlink } = vfs.getattr(ino)
      equal({ mode, nlink }, { mode: S_IFDIR | 0o750, nlink: 2 }, 'attributes')
      equal(vfs.readdir(ino), [], 'entries')
    },
  },
  {
    name: 'mkdir over a taken name is EEXIST, whatever it leads to',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'dangling', 'nowhere')
      for (const name of ['file', 'directory', 'dangling', '.', '..']) {
        refuses(vfs, 'EEXIST', 'mkdir', () => vfs.mkdir(ROOT_INO, name, 0o755))
      }
    },
  },
  {
    name: 'a directory has one link for each subdirectory, and none for files and symlinks',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file', undefined, directory)
      vfs.symlink(directory, 'link', 'file')
      equal(vfs.getattr(directory).nlink, 2, 'links without subdirectories')
      vfs.mkdir(directory, 'a', 0o755)
      const b = vfs.mkdir(directory, 'b', 0o755)
      vfs.mkdir(b, 'c', 0o755)
      equal(vfs.getattr(directory).nlink, 4, 'links with two subdirectories')
      equal(vfs.getattr(ROOT_INO).nlink, 3, 'links of the root')
      vfs.rmdir(directory, 'a')
      equal(vfs.getattr(directory).nlink, 3, 'links with one subdirectory')
    },
  },
  {
    name: 'rmdir removes an empty directory',
    run({ vfs }) {
      const ino = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.rmdir(ROOT_INO, 'directory')
      equal(namesIn(vfs), [], 'names in the root')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(ino))
      equal(vfs.getattr(ROOT_INO).nlink, 2, 'links of the root')
    },
  },
  {
    name: 'rmdir of a directory with entries is ENOTEMPTY',
    run({ vfs }) {
      const makers: ((parent: number) => unknown)[] = [
        (parent) => vfs.create(parent, 'entry', 0o644),
        (parent) => vfs.mkdir(parent, 'entry', 0o755),
        (parent) => vfs.symlink(parent, 'entry', 'nowhere'),
      ]
      makers.forEach((make, index) => {
        make(vfs.mkdir(ROOT_INO, `directory${index}`, 0o755))
        refuses(vfs, 'ENOTEMPTY', 'rmdir', () => vfs.rmdir(ROOT_INO, `directory${index}`))
      })
    },
  },
  {
    name: 'rmdir of a file or a symlink, even to a directory, is ENOTDIR',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'link', 'directory')
      refuses(vfs, 'ENOTDIR', 'rmdir', () => vfs.rmdir(ROOT_INO, 'file'))
      refuses(vfs, 'ENOTDIR', 'rmdir', () => vfs.rmdir(ROOT_INO, 'link'))
    },
  },
  {
    name: 'rmdir of a missing name is ENOENT',
    run({ vfs }) {
      refuses(vfs, 'ENOENT', 'rmdir', () => vfs.rmdir(ROOT_INO, 'missing'))
    },
  },
  {
    name: 'rmdir of a dot is EINVAL and of a dot-dot ENOTEMPTY; the root is never removed',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const inner = vfs.mkdir(outer, 'inner', 0o755)
      refuses(vfs, 'EINVAL', 'rmdir', () => vfs.rmdir(inner, '.'))
      refuses(vfs, 'ENOTEMPTY', 'rmdir', () => vfs.rmdir(inner, '..'))
      // These name the root, for which POSIX also has EBUSY.
      refuses(vfs, ['EINVAL', 'EBUSY'], 'rmdir', () => vfs.rmdir(ROOT_INO, '.'))
      refuses(vfs, ['ENOTEMPTY', 'EBUSY'], 'rmdir', () => vfs.rmdir(outer, '..'))
      refuses(vfs, ['ENOTEMPTY', 'EBUSY'], 'rmdir', () => vfs.rmdir(ROOT_INO, '..'))
    },
  },
  {
    name: 'a removed name can be made again, as a new directory',
    run({ vfs }) {
      const first = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.rmdir(ROOT_INO, 'directory')
      const second = vfs.mkdir(ROOT_INO, 'directory', 0o700)
      equal(first === second, false, 'the same inode number')
      equal(vfs.getattr(second).mode, S_IFDIR | 0o700, 'its mode')
    },
  },
  {
    name: 'a removed directory that is held lives on, empty and without links',
    run({ vfs }) {
      const ino = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.acquire(ino)
      vfs.rmdir(ROOT_INO, 'directory')
      equal(vfs.getattr(ino).nlink, 0, 'links')
      equal(vfs.readdir(ino), [], 'entries')
      vfs.fsync(ino)
      vfs.release(ino)
      throwsError('ESTALE', 'getattr', () => vfs.getattr(ino))
    },
  },
])
