// rename of files: the operation programs rely on to replace a file in one step.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

export const renameFiles: Requirement = requirement('rename of files', [
  {
    name: 'gives a file a new name in the same directory',
    run({ vfs }) {
      const file = writeFile(vfs, 'old', pattern(100))
      vfs.rename(ROOT_INO, 'old', ROOT_INO, 'new')
      equal(namesIn(vfs), ['new'], 'names')
      equal(vfs.lookup(ROOT_INO, 'new'), file, 'the inode')
      equal(readFile(vfs, file), pattern(100), 'content')
      equal(vfs.getattr(file).nlink, 1, 'links')
    },
  },
  {
    name: 'moves a file to another directory, up and down',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const inner = vfs.mkdir(outer, 'inner', 0o755)
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.rename(ROOT_INO, 'file', inner, 'moved')
      equal(namesIn(vfs, inner), ['moved'], 'names below')
      vfs.rename(inner, 'moved', outer, 'file')
      equal([namesIn(vfs, inner), namesIn(vfs, outer)], [[], ['inner', 'file']], 'names')
      equal(vfs.lookup(outer, 'file'), file, 'the inode')
      equal(vfs.getattr(outer).nlink, 3, 'links of the directory')
    },
  },
  {
    name: 'replaces a file in one step, and the replaced file is gone',
    run({ vfs }) {
      const old = writeFile(vfs, 'target', pattern(100, 1))
      const file = writeFile(vfs, 'source', pattern(50, 2))
      vfs.rename(ROOT_INO, 'source', ROOT_INO, 'target')
      equal(namesIn(vfs), ['target'], 'names')
      equal(vfs.lookup(ROOT_INO, 'target'), file, 'the inode')
      equal(readFile(vfs, file), pattern(50, 2), 'content')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(old))
    },
  },
  {
    name: 'replaces a file in another directory',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'target', pattern(100, 1), directory)
      const file = writeFile(vfs, 'source', pattern(50, 2))
      vfs.rename(ROOT_INO, 'source', directory, 'target')
      equal([namesIn(vfs), namesIn(vfs, directory)], [['directory'], ['target']], 'names')
      equal(vfs.lookup(directory, 'target'), file, 'the inode')
    },
  },
  {
    name: 'replaces a symlink with a file and a file with a symlink',
    run({ vfs }) {
      vfs.symlink(ROOT_INO, 'link', 'nowhere')
      const file = writeFile(vfs, 'file')
      vfs.rename(ROOT_INO, 'file', ROOT_INO, 'link')
      equal(vfs.lookup(ROOT_INO, 'link'), file, 'the file, in place of the symlink')
      const link = vfs.symlink(ROOT_INO, 'another', 'nowhere')
      vfs.rename(ROOT_INO, 'another', ROOT_INO, 'link')
      equal(vfs.lookup(ROOT_INO, 'link'), link, 'the symlink, in place of the file')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
    },
  },
  {
    name: 'to its own name does nothing',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.rename(ROOT_INO, 'file', ROOT_INO, 'file')
      equal(namesIn(vfs), ['file'], 'names')
      equal(readFile(vfs, file), pattern(10), 'content')
    },
  },
  {
    name: 'of a missing name is ENOENT, whatever the new name leads to',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      for (const newName of ['file', 'directory', 'free', 'missing']) {
        refuses(vfs, 'ENOENT', 'rename', () => vfs.rename(ROOT_INO, 'missing', ROOT_INO, newName))
      }
    },
  },
  {
    name: 'over a directory is EISDIR, empty or not',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.symlink(ROOT_INO, 'link', 'file')
      vfs.mkdir(ROOT_INO, 'empty', 0o755)
      writeFile(vfs, 'inside', undefined, vfs.mkdir(ROOT_INO, 'full', 0o755))
      for (const name of ['file', 'link']) {
        refuses(vfs, 'EISDIR', 'rename', () => vfs.rename(ROOT_INO, name, ROOT_INO, 'empty'))
        refuses(vfs, 'EISDIR', 'rename', () => vfs.rename(ROOT_INO, name, ROOT_INO, 'full'))
      }
    },
  },
  {
    name: 'of or to a dot or dot-dot is EBUSY',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file')
      for (const dots of ['.', '..']) {
        refuses(vfs, 'EBUSY', 'rename', () => vfs.rename(directory, dots, ROOT_INO, 'new'))
        refuses(vfs, 'EBUSY', 'rename', () => vfs.rename(ROOT_INO, 'file', directory, dots))
      }
    },
  },
  {
    name: 'of a held file leaves it readable and writable through its inode',
    run({ vfs }) {
      const file = writeFile(vfs, 'old', pattern(10))
      vfs.acquire(file)
      vfs.rename(ROOT_INO, 'old', ROOT_INO, 'new')
      vfs.write(file, pattern(20, 2), 10)
      equal(readFile(vfs, vfs.lookup(ROOT_INO, 'new')).subarray(10), pattern(20, 2), 'content')
      vfs.release(file)
    },
  },
  {
    name: 'a chain of renames through one name keeps every content',
    run({ vfs }) {
      for (let index = 0; index < 20; index++) {
        writeFile(vfs, 'next', pattern(100 + index, index))
        if (index > 0) vfs.rename(ROOT_INO, 'current', ROOT_INO, `kept${index - 1}`)
        vfs.rename(ROOT_INO, 'next', ROOT_INO, 'current')
      }
      for (let index = 0; index < 19; index++) {
        const kept = readFile(vfs, vfs.lookup(ROOT_INO, `kept${index}`))
        equal(kept, pattern(100 + index, index), `kept${index}`)
      }
    },
  },
  {
    name: 'replacements survive a remount',
    needs: { persistent: true },
    async run(context) {
      const { vfs } = context
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'target', pattern(100, 1), directory)
      await vfs.sync()
      const file = writeFile(vfs, 'source', pattern(5000, 2))
      vfs.rename(ROOT_INO, 'source', directory, 'target')
      const again = await context.reopen()
      equal(namesIn(again), ['directory'], 'names in the root')
      equal(again.lookup(directory, 'target'), file, 'the inode')
      equal(readFile(again, file), pattern(5000, 2), 'content')
    },
  },
])
