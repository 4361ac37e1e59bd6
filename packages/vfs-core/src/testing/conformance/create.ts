// Making regular files.

import { isRegular, ROOT_INO, S_IFREG } from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, readFile, writeFile } from '../content.ts'

export const create: Requirement = requirement('create', [
  {
    name: 'makes an empty regular file with one link',
    run({ vfs }) {
      const ino = vfs.create(ROOT_INO, 'file', 0o644)
      const { mode, nlink, size } = vfs.getattr(ino)
      equal({ mode, nlink, size }, { mode: S_IFREG | 0o644, nlink: 1, size: 0 }, 'attributes')
      equal(readFile(vfs, ino).length, 0, 'bytes of content')
    },
  },
  {
    name: 'a taken name is EEXIST, whatever it leads to',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'dangling', 'nowhere')
      for (const name of ['file', 'directory', 'dangling', '.', '..']) {
        refuses(vfs, 'EEXIST', 'create', () => vfs.create(ROOT_INO, name, 0o644))
      }
    },
  },
  {
    name: 'a removed name can be made again, as a new and empty file',
    run({ vfs }) {
      const first = writeFile(vfs, 'file', new Uint8Array(100).fill(7))
      vfs.unlink(ROOT_INO, 'file')
      const second = vfs.create(ROOT_INO, 'file', 0o600)
      check(first !== second, 'the new file has a number of its own')
      equal(vfs.getattr(second).size, 0, 'its size')
      vfs.truncate(second, 100)
      equal(readFile(vfs, second), new Uint8Array(100), 'its content, grown')
    },
  },
  {
    name: 'works in a directory below the root',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const inner = vfs.mkdir(outer, 'inner', 0o755)
      const file = vfs.create(inner, 'file', 0o644)
      check(isRegular(vfs.getattr(file).mode), 'a regular file')
      equal(vfs.lookup(inner, 'file'), file, 'the file')
      equal(namesIn(vfs), ['outer'], 'names in the root')
    },
  },
  {
    name: 'a thousand files in one directory are a thousand inodes',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const inos = new Set<number>()
      for (let index = 0; index < 1000; index++) {
        inos.add(vfs.create(directory, `file${index}`, 0o644))
      }
      equal(inos.size, 1000, 'distinct inodes')
      equal(vfs.readdir(directory).length, 1000, 'entries')
      for (let index = 0; index < 1000; index++) vfs.unlink(directory, `file${index}`)
      vfs.rmdir(ROOT_INO, 'directory')
    },
  },
])
