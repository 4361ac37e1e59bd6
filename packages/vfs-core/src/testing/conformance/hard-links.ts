// Several names for one inode.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

const needs = { hardLinks: true }

export const hardLinks: Requirement = requirement('hard links', [
  {
    name: 'link gives an inode another name, which counts',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'one', pattern(100))
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.link(file, directory, 'two')
      equal(vfs.lookup(directory, 'two'), file, 'the inode of the second name')
      equal(vfs.getattr(file).nlink, 2, 'links')
      equal(vfs.getattr(directory).nlink, 2, 'links of the directory')
    },
  },
  {
    name: 'content and attributes are the same by either name',
    needs,
    run({ vfs }) {
      vfs.link(writeFile(vfs, 'one'), ROOT_INO, 'two')
      const one = vfs.lookup(ROOT_INO, 'one')
      const two = vfs.lookup(ROOT_INO, 'two')
      vfs.write(one, pattern(50), 0)
      vfs.setattr(two, { mode: 0o600 })
      equal(readFile(vfs, two), pattern(50), 'what the other name reads')
      equal(vfs.getattr(one), vfs.getattr(two), 'attributes')
    },
  },
  {
    name: 'each unlink takes one name away; the last takes the file',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'one', pattern(100))
      vfs.link(file, ROOT_INO, 'two')
      vfs.unlink(ROOT_INO, 'one')
      equal(vfs.getattr(file).nlink, 1, 'links')
      equal(readFile(vfs, vfs.lookup(ROOT_INO, 'two')), pattern(100), 'content')
      vfs.unlink(ROOT_INO, 'two')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
      equal(namesIn(vfs), [], 'names')
    },
  },
  {
    name: 'a hundred names are a hundred links',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'name0', pattern(10))
      for (let index = 1; index < 100; index++) vfs.link(file, ROOT_INO, `name${index}`)
      equal(vfs.getattr(file).nlink, 100, 'links')
      for (let index = 0; index < 99; index++) vfs.unlink(ROOT_INO, `name${index}`)
      equal(vfs.getattr(file).nlink, 1, 'links left')
      equal(readFile(vfs, file), pattern(10), 'content')
    },
  },
  {
    name: 'link over a taken name is EEXIST, its own included',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'dangling', 'nowhere')
      for (const name of ['file', 'directory', 'dangling', '.', '..']) {
        refuses(vfs, 'EEXIST', 'link', () => vfs.link(file, ROOT_INO, name))
      }
    },
  },
  {
    name: 'link of a directory is EPERM',
    needs,
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      refuses(vfs, 'EPERM', 'link', () => vfs.link(directory, ROOT_INO, 'again'))
      refuses(vfs, 'EPERM', 'link', () => vfs.link(ROOT_INO, directory, 'root'))
    },
  },
  {
    name: 'link of a file that has lost its last name is ENOENT',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.acquire(file)
      vfs.unlink(ROOT_INO, 'file')
      refuses(vfs, 'ENOENT', 'link', () => vfs.link(file, ROOT_INO, 'again'))
      vfs.release(file)
    },
  },
  {
    name: 'rename between two names of one inode does nothing',
    needs,
    run({ vfs }) {
      const file = writeFile(vfs, 'one')
      vfs.link(file, ROOT_INO, 'two')
      vfs.rename(ROOT_INO, 'one', ROOT_INO, 'two')
      equal(namesIn(vfs), ['one', 'two'], 'names')
      equal(vfs.getattr(file).nlink, 2, 'links')
    },
  },
  {
    name: 'rename over one of several names leaves the others',
    needs,
    run({ vfs }) {
      const old = writeFile(vfs, 'one', pattern(20))
      vfs.link(old, ROOT_INO, 'two')
      const other = writeFile(vfs, 'other')
      vfs.rename(ROOT_INO, 'other', ROOT_INO, 'one')
      equal(vfs.lookup(ROOT_INO, 'one'), other, 'the replaced name')
      equal(vfs.lookup(ROOT_INO, 'two'), old, 'the other name')
      equal(vfs.getattr(old).nlink, 1, 'links of the replaced inode')
      equal(readFile(vfs, old), pattern(20), 'its content')
    },
  },
  {
    name: 'links survive a remount',
    needs: { hardLinks: true, persistent: true },
    async run(context) {
      const { vfs } = context
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const file = writeFile(vfs, 'one', pattern(5000))
      vfs.link(file, directory, 'two')
      vfs.link(file, ROOT_INO, 'three')
      vfs.unlink(ROOT_INO, 'one')
      const again = await context.reopen()
      const two = again.lookup(again.lookup(ROOT_INO, 'directory'), 'two')
      equal(two, again.lookup(ROOT_INO, 'three'), 'one inode')
      equal(again.getattr(two).nlink, 2, 'links')
      equal(readFile(again, two), pattern(5000), 'content')
    },
  },
  {
    name: 'a file system without hard links says EPERM and makes nothing',
    needs: { hardLinks: false },
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      refuses(vfs, 'EPERM', 'link', () => vfs.link(file, ROOT_INO, 'again'))
    },
  },
])
