// rename of directories: they carry their subtree along, and may not end up inside themselves.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

export const renameDirectories: Requirement = requirement('rename of directories', [
  {
    name: 'carries the subtree along',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'old', 0o755)
      const inner = vfs.mkdir(directory, 'inner', 0o755)
      const file = writeFile(vfs, 'file', pattern(10), inner)
      vfs.rename(ROOT_INO, 'old', ROOT_INO, 'new')
      equal(namesIn(vfs), ['new'], 'names')
      const found = vfs.lookup(vfs.lookup(vfs.lookup(ROOT_INO, 'new'), 'inner'), 'file')
      equal(found, file, 'the file below')
      equal(readFile(vfs, file), pattern(10), 'its content')
    },
  },
  {
    name: 'to another directory moves its dot-dot and a link of the parents',
    run({ vfs }) {
      const from = vfs.mkdir(ROOT_INO, 'from', 0o755)
      const to = vfs.mkdir(ROOT_INO, 'to', 0o755)
      const moved = vfs.mkdir(from, 'moved', 0o755)
      vfs.rename(from, 'moved', to, 'moved')
      equal(vfs.lookup(moved, '..'), to, 'the parent')
      equal([vfs.getattr(from).nlink, vfs.getattr(to).nlink], [2, 3], 'links of the parents')
      equal(vfs.getattr(moved).nlink, 2, 'its own links')
      vfs.rmdir(ROOT_INO, 'from')
    },
  },
  {
    name: 'replaces an empty directory, which is gone',
    run({ vfs }) {
      const to = vfs.mkdir(ROOT_INO, 'to', 0o755)
      const replaced = vfs.mkdir(to, 'target', 0o755)
      const moved = vfs.mkdir(ROOT_INO, 'moved', 0o755)
      writeFile(vfs, 'file', undefined, moved)
      vfs.rename(ROOT_INO, 'moved', to, 'target')
      equal(vfs.lookup(to, 'target'), moved, 'the inode')
      equal(namesIn(vfs, moved), ['file'], 'its names')
      equal([vfs.getattr(ROOT_INO).nlink, vfs.getattr(to).nlink], [3, 3], 'links of the parents')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(replaced))
    },
  },
  {
    name: 'over a directory with entries is ENOTEMPTY',
    run({ vfs }) {
      vfs.mkdir(ROOT_INO, 'moved', 0o755)
      writeFile(vfs, 'file', undefined, vfs.mkdir(ROOT_INO, 'full', 0o755))
      refuses(vfs, 'ENOTEMPTY', 'rename', () => vfs.rename(ROOT_INO, 'moved', ROOT_INO, 'full'))
    },
  },
  {
    name: 'over its own parent is ENOTEMPTY',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const middle = vfs.mkdir(outer, 'middle', 0o755)
      vfs.mkdir(middle, 'inner', 0o755)
      refuses(vfs, 'ENOTEMPTY', 'rename', () => vfs.rename(middle, 'inner', outer, 'middle'))
      refuses(vfs, 'ENOTEMPTY', 'rename', () => vfs.rename(middle, 'inner', ROOT_INO, 'outer'))
    },
  },
  {
    name: 'over a file or a symlink, even to a directory, is ENOTDIR',
    run({ vfs }) {
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.mkdir(ROOT_INO, 'other', 0o755)
      writeFile(vfs, 'file')
      vfs.symlink(ROOT_INO, 'link', 'other')
      for (const name of ['file', 'link']) {
        refuses(vfs, 'ENOTDIR', 'rename', () => vfs.rename(ROOT_INO, 'directory', ROOT_INO, name))
      }
    },
  },
  {
    name: 'into itself or its own subtree is EINVAL, at any depth',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const middle = vfs.mkdir(outer, 'middle', 0o755)
      const inner = vfs.mkdir(middle, 'inner', 0o755)
      for (const newParent of [outer, middle, inner]) {
        refuses(vfs, 'EINVAL', 'rename', () => vfs.rename(ROOT_INO, 'outer', newParent, 'new'))
      }
      refuses(vfs, 'EINVAL', 'rename', () => vfs.rename(outer, 'middle', inner, 'new'))
    },
  },
  {
    name: 'to its own name does nothing',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file', undefined, directory)
      vfs.rename(ROOT_INO, 'directory', ROOT_INO, 'directory')
      equal(namesIn(vfs, vfs.lookup(ROOT_INO, 'directory')), ['file'], 'names below')
    },
  },
  {
    name: 'up and down past its former neighbours keeps every parent right',
    run({ vfs }) {
      const a = vfs.mkdir(ROOT_INO, 'a', 0o755)
      const b = vfs.mkdir(a, 'b', 0o755)
      const c = vfs.mkdir(b, 'c', 0o755)
      vfs.rename(b, 'c', ROOT_INO, 'c')
      vfs.rename(ROOT_INO, 'a', c, 'a')
      equal(
        [a, b, c].map((ino) => vfs.lookup(ino, '..')),
        [c, a, ROOT_INO],
        'parents',
      )
      refuses(vfs, 'EINVAL', 'rename', () => vfs.rename(ROOT_INO, 'c', b, 'c'))
      equal(
        [ROOT_INO, a, b, c].map((ino) => vfs.getattr(ino).nlink),
        [3, 3, 2, 3],
        'links',
      )
    },
  },
  {
    name: 'a held directory that a rename replaced lives on, empty and without links',
    run({ vfs }) {
      const replaced = vfs.mkdir(ROOT_INO, 'target', 0o755)
      vfs.acquire(replaced)
      vfs.mkdir(ROOT_INO, 'moved', 0o755)
      vfs.rename(ROOT_INO, 'moved', ROOT_INO, 'target')
      equal(vfs.getattr(replaced).nlink, 0, 'links')
      refuses(vfs, 'ENOENT', 'create', () => vfs.create(replaced, 'file', 0o644))
      vfs.release(replaced)
      throwsError('ESTALE', 'readdir', () => vfs.readdir(replaced))
    },
  },
  {
    name: 'moves survive a remount',
    needs: { persistent: true },
    async run(context) {
      const { vfs } = context
      const a = vfs.mkdir(ROOT_INO, 'a', 0o755)
      const b = vfs.mkdir(a, 'b', 0o755)
      const file = writeFile(vfs, 'file', pattern(10), b)
      await vfs.sync()
      vfs.rename(a, 'b', ROOT_INO, 'b')
      vfs.rename(ROOT_INO, 'a', b, 'a')
      const again = await context.reopen()
      equal(namesIn(again), ['b'], 'names in the root')
      equal(namesIn(again, b), ['file', 'a'], 'names below')
      equal(
        [a, b].map((ino) => again.lookup(ino, '..')),
        [b, ROOT_INO],
        'parents',
      )
      equal(
        [ROOT_INO, a, b].map((ino) => again.getattr(ino).nlink),
        [3, 2, 3],
        'links',
      )
      equal(readFile(again, file), pattern(10), 'content')
    },
  },
])
