// Removing names, and the life of an inode whose names are gone while a program holds it open.

import { ROOT_INO, type Vfs } from '../../contract/index.ts'
import { check, equal, refuses, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

function held(vfs: Vfs, name: string, content: Uint8Array): number {
  const ino = writeFile(vfs, name, content)
  vfs.acquire(ino)
  return ino
}

export const unlinkWhileOpen: Requirement = requirement('unlink while open', [
  {
    name: 'unlink removes a name, and the file with its last',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(10))
      vfs.unlink(ROOT_INO, 'file')
      equal(namesIn(vfs), [], 'names')
      throwsError('ENOENT', 'lookup', () => vfs.lookup(ROOT_INO, 'file'))
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
      throwsError('ESTALE', 'read', () => vfs.read(file, new Uint8Array(1), 0))
    },
  },
  {
    name: 'unlink of a missing name is ENOENT, of a directory EISDIR',
    run({ vfs }) {
      vfs.mkdir(ROOT_INO, 'directory', 0o755)
      refuses(vfs, 'ENOENT', 'unlink', () => vfs.unlink(ROOT_INO, 'missing'))
      for (const name of ['directory', '.', '..']) {
        refuses(vfs, 'EISDIR', 'unlink', () => vfs.unlink(ROOT_INO, name))
      }
    },
  },
  {
    name: 'a held file outlives its name, with content and attributes, and counts no links',
    run({ vfs }) {
      const file = held(vfs, 'file', pattern(5000))
      vfs.unlink(ROOT_INO, 'file')
      equal(namesIn(vfs), [], 'names')
      equal(vfs.getattr(file).nlink, 0, 'links')
      equal(readFile(vfs, file), pattern(5000), 'content')
    },
  },
  {
    name: 'a held file without a name can be written, grown, cut, changed and fsynced',
    run({ vfs }) {
      const file = held(vfs, 'file', pattern(100))
      vfs.unlink(ROOT_INO, 'file')
      vfs.write(file, pattern(200, 2), 50)
      vfs.truncate(file, 300)
      vfs.truncate(file, 60)
      vfs.setattr(file, { mode: 0o600 })
      vfs.fsync(file)
      const expected = new Uint8Array(60)
      expected.set(pattern(100).subarray(0, 50))
      expected.set(pattern(200, 2).subarray(0, 10), 50)
      equal(readFile(vfs, file), expected, 'content')
      vfs.release(file)
      throwsError('ESTALE', 'fsync', () => vfs.fsync(file))
    },
  },
  {
    name: 'the last release of a file without a name lets it go',
    run({ vfs }) {
      const file = held(vfs, 'file', pattern(10))
      vfs.acquire(file)
      vfs.unlink(ROOT_INO, 'file')
      vfs.release(file)
      equal(readFile(vfs, file), pattern(10), 'content, still held once')
      vfs.release(file)
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
      throwsError('ESTALE', 'release', () => vfs.release(file))
    },
  },
  {
    name: 'acquire and release leave a file that has a name alone',
    run({ vfs }) {
      const file = held(vfs, 'file', pattern(10))
      vfs.release(file)
      equal(readFile(vfs, vfs.lookup(ROOT_INO, 'file')), pattern(10), 'content')
    },
  },
  {
    name: 'release without acquire is EINVAL',
    run({ vfs }) {
      const file = held(vfs, 'file', pattern(10))
      vfs.release(file)
      refuses(vfs, 'EINVAL', 'release', () => vfs.release(file))
      refuses(vfs, 'EINVAL', 'release', () => vfs.release(ROOT_INO))
    },
  },
  {
    name: 'a new file takes the name of a held one without touching it',
    run({ vfs }) {
      const old = held(vfs, 'file', pattern(100, 1))
      vfs.unlink(ROOT_INO, 'file')
      const fresh = writeFile(vfs, 'file', pattern(200, 2))
      check(old !== fresh, 'they are two inodes')
      equal(readFile(vfs, old), pattern(100, 1), 'the held file')
      equal(readFile(vfs, fresh), pattern(200, 2), 'the new file')
      vfs.release(old)
      equal(readFile(vfs, vfs.lookup(ROOT_INO, 'file')), pattern(200, 2), 'the new file, later')
    },
  },
  {
    name: 'a held file that a rename replaced lives on',
    run({ vfs }) {
      const old = held(vfs, 'old', pattern(100, 1))
      writeFile(vfs, 'new', pattern(200, 2))
      vfs.rename(ROOT_INO, 'new', ROOT_INO, 'old')
      equal(vfs.getattr(old).nlink, 0, 'links')
      equal(readFile(vfs, old), pattern(100, 1), 'the replaced file')
      vfs.release(old)
      throwsError('ESTALE', 'getattr', () => vfs.getattr(old))
    },
  },
  {
    name: 'many held files without names keep their contents apart',
    run({ vfs }) {
      const files = Array.from({ length: 50 }, (_, index) => {
        const ino = held(vfs, 'temporary', pattern(1000 + index, index))
        vfs.unlink(ROOT_INO, 'temporary')
        return ino
      })
      files.forEach((ino, index) => {
        equal(readFile(vfs, ino), pattern(1000 + index, index), `file ${index}`)
        vfs.release(ino)
      })
    },
  },
  {
    name: 'a file that was held without a name is gone after a remount',
    needs: { persistent: true },
    async run(context) {
      const file = held(context.vfs, 'file', pattern(5000))
      writeFile(context.vfs, 'other', pattern(10))
      await context.vfs.sync()
      context.vfs.unlink(ROOT_INO, 'file')
      await context.vfs.sync()
      const vfs = await context.reopen()
      equal(namesIn(vfs), ['other'], 'names')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
      equal(vfs.statfs().files, 2, 'inodes, the root included')
    },
  },
  {
    name: 'what was held at the close is not held after a remount',
    needs: { persistent: true },
    async run(context) {
      const file = held(context.vfs, 'file', pattern(10))
      const vfs = await context.reopen()
      throwsError('EINVAL', 'release', () => vfs.release(file))
      vfs.unlink(ROOT_INO, 'file')
      throwsError('ESTALE', 'getattr', () => vfs.getattr(file))
    },
  },
])
