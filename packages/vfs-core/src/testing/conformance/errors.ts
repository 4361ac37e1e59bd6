// What an error looks like to a caller, and that one never leaves half of an operation behind. The
// other requirements check code, number, operation and an unchanged tree for each error they provoke.

import { describeErrno, ERRNO, ROOT_INO, VfsError, type Vfs } from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readFile, writeFile } from '../content.ts'

const NO_INO = 123_456_789

/** Every operation that takes an inode, by the name of the argument that is bad. */
const ON_INODES: readonly (readonly [
  operation: string,
  act: (vfs: Vfs, ino: number) => unknown,
])[] = [
  ['lookup', (vfs, ino) => vfs.lookup(ino, 'name')],
  ['getattr', (vfs, ino) => vfs.getattr(ino)],
  ['setattr', (vfs, ino) => vfs.setattr(ino, { mode: 0o600 })],
  ['mkdir', (vfs, ino) => vfs.mkdir(ino, 'name', 0o755)],
  ['create', (vfs, ino) => vfs.create(ino, 'name', 0o644)],
  ['symlink', (vfs, ino) => vfs.symlink(ino, 'name', 'target')],
  ['readlink', (vfs, ino) => vfs.readlink(ino)],
  ['link', (vfs, ino) => vfs.link(ino, ROOT_INO, 'name')],
  ['link', (vfs, ino) => vfs.link(vfs.lookup(ROOT_INO, 'file'), ino, 'name')],
  ['unlink', (vfs, ino) => vfs.unlink(ino, 'name')],
  ['rmdir', (vfs, ino) => vfs.rmdir(ino, 'name')],
  ['rename', (vfs, ino) => vfs.rename(ino, 'name', ROOT_INO, 'new')],
  ['rename', (vfs, ino) => vfs.rename(ROOT_INO, 'file', ino, 'new')],
  ['readdir', (vfs, ino) => vfs.readdir(ino)],
  ['read', (vfs, ino) => vfs.read(ino, new Uint8Array(10), 0)],
  ['write', (vfs, ino) => vfs.write(ino, new Uint8Array(10), 0)],
  ['truncate', (vfs, ino) => vfs.truncate(ino, 0)],
  ['fsync', (vfs, ino) => vfs.fsync(ino)],
  ['acquire', (vfs, ino) => vfs.acquire(ino)],
  ['release', (vfs, ino) => vfs.release(ino)],
]

export const errors: Requirement = requirement('errors', [
  {
    name: 'an error is an Error that names code, number, operation and path, and says them',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const error = refuses(vfs, 'ENOENT', 'lookup', () => vfs.lookup(directory, 'missing'))
      check(error instanceof Error && error instanceof VfsError, 'an Error and a VfsError')
      equal(error.name, 'VfsError', 'name')
      equal(error.errno, ERRNO.ENOENT, 'errno')
      check(error.path?.endsWith('missing') === true, `the path ends in the name: ${error.path}`)
      for (const part of ['ENOENT', describeErrno('ENOENT'), 'lookup', 'missing']) {
        check(error.message.includes(part), `'${error.message}' includes '${part}'`)
      }
    },
  },
  {
    name: 'an error about an entry names its path',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const file = writeFile(vfs, 'file', pattern(10), directory)
      writeFile(vfs, 'other', undefined, vfs.mkdir(directory, 'full', 0o755))
      const provoked = [
        refuses(vfs, 'EEXIST', 'create', () => vfs.create(directory, 'file', 0o644)),
        refuses(vfs, 'EEXIST', 'mkdir', () => vfs.mkdir(directory, 'file', 0o755)),
        refuses(vfs, 'EEXIST', 'symlink', () => vfs.symlink(directory, 'file', 'target')),
        refuses(vfs, 'ENOTDIR', 'rmdir', () => vfs.rmdir(directory, 'file')),
        refuses(vfs, 'ENOTDIR', 'readdir', () => vfs.readdir(file)),
        refuses(vfs, 'EINVAL', 'readlink', () => vfs.readlink(file)),
      ]
      for (const { path, message } of provoked) {
        check(path?.endsWith('file') === true, `'${path}' ends in the name (${message})`)
      }
    },
  },
  {
    name: 'an inode that does not exist is ESTALE for every operation',
    run({ vfs }) {
      writeFile(vfs, 'file')
      for (const [operation, act] of ON_INODES) {
        for (const ino of [NO_INO, 0, -1, 1.5, Number.NaN]) {
          refuses(vfs, 'ESTALE', operation, () => act(vfs, ino))
        }
      }
    },
  },
  {
    name: 'an inode that is gone is ESTALE for every operation, also when its name is taken again',
    run({ vfs }) {
      const gone = writeFile(vfs, 'file')
      vfs.unlink(ROOT_INO, 'file')
      writeFile(vfs, 'file')
      for (const [operation, act] of ON_INODES) {
        refuses(vfs, 'ESTALE', operation, () => act(vfs, gone))
      }
    },
  },
  {
    name: 'a file system works on after a hundred refused operations',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(1000))
      for (let round = 0; round < 20; round++) {
        refuses(vfs, 'EEXIST', 'create', () => vfs.create(ROOT_INO, 'file', 0o644))
        refuses(vfs, 'EINVAL', 'write', () => vfs.write(file, pattern(10), -1))
        refuses(vfs, 'ENOTDIR', 'mkdir', () => vfs.mkdir(file, 'inside', 0o755))
        refuses(vfs, 'ENOENT', 'rename', () => vfs.rename(ROOT_INO, 'no', ROOT_INO, 'file'))
        refuses(vfs, 'EFBIG', 'truncate', () => vfs.truncate(file, 2 ** 60))
      }
      const next = writeFile(vfs, 'next', pattern(2000, 2))
      equal(readFile(vfs, next), pattern(2000, 2), 'a new file')
      equal(readFile(vfs, file), pattern(1000), 'the old file')
    },
  },
])
