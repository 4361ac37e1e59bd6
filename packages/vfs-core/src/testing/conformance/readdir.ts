// Listing directories.

import { ROOT_INO, S_IFDIR, S_IFLNK, S_IFREG } from '../../contract/index.ts'
import { equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, writeFile } from '../content.ts'

export const readdir: Requirement = requirement('readdir', [
  {
    name: 'lists name, inode and type of each entry, without dot and dot-dot',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o711)
      const file = vfs.create(ROOT_INO, 'file', 0o4755)
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      const expected = [
        { name: 'directory', ino: directory, type: S_IFDIR },
        { name: 'file', ino: file, type: S_IFREG },
        { name: 'link', ino: link, type: S_IFLNK },
      ]
      equal(vfs.readdir(ROOT_INO), expected, 'entries of the root')
      equal(vfs.readdir(directory), [], 'entries of the empty directory')
    },
  },
  {
    name: 'lists entries in the order they were made',
    run({ vfs }) {
      for (const name of ['c', 'a', '10', 'b', '9']) writeFile(vfs, name)
      vfs.unlink(ROOT_INO, 'a')
      writeFile(vfs, 'a')
      equal(namesIn(vfs), ['c', '10', 'b', '9', 'a'], 'names')
    },
  },
  {
    name: 'the order survives a remount',
    needs: { persistent: true },
    async run(context) {
      const { vfs } = context
      for (const name of ['c', 'a', '10', 'b', '9']) writeFile(vfs, name)
      await vfs.sync()
      vfs.unlink(ROOT_INO, 'a')
      writeFile(vfs, 'a')
      writeFile(vfs, 'new')
      vfs.rename(ROOT_INO, 'new', ROOT_INO, '10')
      equal(namesIn(vfs), ['c', 'b', '9', 'a', '10'], 'names before')
      equal(namesIn(await context.reopen()), ['c', 'b', '9', 'a', '10'], 'names after')
    },
  },
  {
    name: 'both names of a file are listed with its inode',
    needs: { hardLinks: true },
    run({ vfs }) {
      const ino = writeFile(vfs, 'one')
      vfs.link(ino, ROOT_INO, 'two')
      const entries = ['one', 'two'].map((name) => ({ name, ino, type: S_IFREG }))
      equal(vfs.readdir(ROOT_INO), entries, 'entries')
    },
  },
  {
    name: 'a list is the state at its call: later changes do not reach it',
    run({ vfs }) {
      writeFile(vfs, 'one')
      const list = vfs.readdir(ROOT_INO)
      writeFile(vfs, 'two')
      vfs.unlink(ROOT_INO, 'one')
      equal(
        list.map((entry) => entry.name),
        ['one'],
        'names in the older list',
      )
      list.length = 0
      equal(namesIn(vfs), ['two'], 'names after emptying the list')
    },
  },
  {
    name: 'of a file or a symlink is ENOTDIR',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const link = vfs.symlink(ROOT_INO, 'link', '/')
      refuses(vfs, 'ENOTDIR', 'readdir', () => vfs.readdir(file))
      refuses(vfs, 'ENOTDIR', 'readdir', () => vfs.readdir(link))
    },
  },
  {
    name: 'of a removed directory is ESTALE',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.rmdir(ROOT_INO, 'directory')
      throwsError('ESTALE', 'readdir', () => vfs.readdir(directory))
    },
  },
])
