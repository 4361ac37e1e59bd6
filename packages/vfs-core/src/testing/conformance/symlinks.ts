// Symlinks: inodes that hold a path. The contract stores and returns the path; walking is not its
// business (path-walk.ts).

import { isSymlink, ROOT_INO, S_IFLNK, S_IFMT } from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, writeFile } from '../content.ts'

const TARGETS = [
  'file',
  '/absolute/path',
  '../..',
  '.',
  '/',
  'no//normal/./form/',
  'na\u00efve \u{1f600}',
  ' ',
  'line\nfeed',
]

export const symlinks: Requirement = requirement('symlinks', [
  {
    name: 'symlink makes a symlink with one link, and readlink gives its target as stored',
    run({ vfs }) {
      TARGETS.forEach((target, index) => {
        const ino = vfs.symlink(ROOT_INO, `link${index}`, target)
        const { mode, nlink } = vfs.getattr(ino)
        equal({ type: mode & S_IFMT, nlink }, { type: S_IFLNK, nlink: 1 }, 'attributes')
        equal(vfs.readlink(ino), target, 'the target')
      })
    },
  },
  {
    name: 'targets survive a remount',
    needs: { persistent: true },
    async run(context) {
      TARGETS.forEach((target, index) => context.vfs.symlink(ROOT_INO, `link${index}`, target))
      const vfs = await context.reopen()
      TARGETS.forEach((target, index) => {
        equal(vfs.readlink(vfs.lookup(ROOT_INO, `link${index}`)), target, 'the target')
      })
    },
  },
  {
    name: 'an empty target is ENOENT',
    run({ vfs }) {
      refuses(vfs, 'ENOENT', 'symlink', () => vfs.symlink(ROOT_INO, 'link', ''))
    },
  },
  {
    name: 'a taken name is EEXIST, whatever it leads to',
    run({ vfs }) {
      writeFile(vfs, 'file')
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.symlink(ROOT_INO, 'dangling', 'nowhere')
      for (const name of ['file', 'directory', 'dangling', '.', '..']) {
        refuses(vfs, 'EEXIST', 'symlink', () => vfs.symlink(ROOT_INO, name, 'target'))
      }
    },
  },
  {
    name: 'readlink of a file or a directory is EINVAL',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      refuses(vfs, 'EINVAL', 'readlink', () => vfs.readlink(file))
      refuses(vfs, 'EINVAL', 'readlink', () => vfs.readlink(directory))
    },
  },
  {
    name: 'reading, writing and truncating a symlink is EINVAL',
    run({ vfs }) {
      const link = vfs.symlink(ROOT_INO, 'link', 'target')
      refuses(vfs, 'EINVAL', 'read', () => vfs.read(link, new Uint8Array(8), 0))
      refuses(vfs, 'EINVAL', 'write', () => vfs.write(link, new Uint8Array(8), 0))
      refuses(vfs, 'EINVAL', 'truncate', () => vfs.truncate(link, 0))
    },
  },
  {
    name: 'unlink removes the symlink and leaves what it points to',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.symlink(ROOT_INO, 'link', 'file')
      vfs.unlink(ROOT_INO, 'link')
      equal(namesIn(vfs), ['file'], 'names')
      equal(vfs.getattr(file).nlink, 1, 'links of the file')
    },
  },
  {
    name: 'rename moves the symlink itself, and replaces a symlink rather than its target',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      vfs.rename(ROOT_INO, 'link', ROOT_INO, 'moved')
      equal(vfs.readlink(vfs.lookup(ROOT_INO, 'moved')), 'file', 'the target of the moved link')
      const other = writeFile(vfs, 'other')
      vfs.rename(ROOT_INO, 'other', ROOT_INO, 'moved')
      equal(vfs.lookup(ROOT_INO, 'moved'), other, 'what replaced the link')
      equal(vfs.lookup(ROOT_INO, 'file'), file, 'what the link pointed to')
      check(!isSymlink(vfs.getattr(other).mode) && link !== other, 'the link is gone')
    },
  },
  {
    name: 'a hard link to a symlink is another name of the symlink',
    needs: { hardLinks: true },
    run({ vfs }) {
      writeFile(vfs, 'file')
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      vfs.link(link, ROOT_INO, 'again')
      equal(vfs.lookup(ROOT_INO, 'again'), link, 'the inode')
      equal(vfs.getattr(link).nlink, 2, 'links')
      equal(vfs.readlink(link), 'file', 'the target')
    },
  },
])
