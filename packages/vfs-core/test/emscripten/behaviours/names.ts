// Behaviours: names, links, renames and FS's name cache.

import { expect } from 'vitest'
import { isDirectory, isSymlink, ROOT_INO } from '../../../src/contract/index.ts'
import { bytes, expectErrno, O, text, type Behaviour } from '../behaviour.ts'

export const names: Behaviour[] = [
  {
    name: 'readdir lists everything, and its inode numbers are those of stat',
    run({ FS, root }) {
      FS.mkdir(`${root}/d`)
      FS.writeFile(`${root}/f`, '')
      FS.symlink(`${root}/f`, `${root}/s`)
      expect(FS.readdir(root).toSorted()).toEqual(['.', '..', 'd', 'f', 's'])
      for (const name of ['d', 'f', 's']) {
        // getdents reports the id of the node.
        const { node } = FS.lookupPath(`${root}/${name}`, { follow: false })
        expect(FS.lstat(`${root}/${name}`).ino).toBe(node.id)
      }
      expectErrno(FS, 'ENOTDIR', () => FS.readdir(`${root}/f`))
    },
  },
  {
    name: 'a file that replaces another leaves no ghost of it',
    run({ FS, root }) {
      FS.writeFile(`${root}/old`, 'old')
      FS.writeFile(`${root}/new`, 'new')
      const stream = FS.open(`${root}/old`, O.RDONLY)
      FS.rename(`${root}/new`, `${root}/old`)
      expect(FS.readFile(`${root}/old`, { encoding: 'utf8' })).toBe('new')
      expect(FS.analyzePath(`${root}/new`).exists).toBe(false)
      // Whoever had the replaced file open keeps it.
      const into = new Uint8Array(3)
      FS.read(stream, into, 0, 3, 0)
      expect(text(into)).toBe('old')
      FS.close(stream)
      FS.unlink(`${root}/old`)
      expect(FS.analyzePath(`${root}/old`).exists).toBe(false)
      expect(FS.readdir(root)).toEqual(['.', '..'])
      FS.writeFile(`${root}/old`, 'third')
      expect(FS.readFile(`${root}/old`, { encoding: 'utf8' })).toBe('third')
    },
  },
  {
    name: 'a directory moves with everything below it',
    run({ FS, root }) {
      FS.mkdirTree(`${root}/a/b`)
      FS.mkdir(`${root}/target`)
      FS.writeFile(`${root}/a/b/f`, 'deep')
      FS.rename(`${root}/a`, `${root}/target/a`)
      expect(FS.readFile(`${root}/target/a/b/f`, { encoding: 'utf8' })).toBe('deep')
      expectErrno(FS, 'ENOENT', () => FS.stat(`${root}/a/b/f`))
      FS.mkdir(`${root}/a`)
      expect(FS.readdir(`${root}/a`)).toEqual(['.', '..'])
      FS.rename(`${root}/target/a/b`, `${root}/a`)
      expect(FS.readFile(`${root}/a/f`, { encoding: 'utf8' })).toBe('deep')
    },
  },
  {
    name: 'a rename that fails leaves both names',
    run({ FS, root, instrumented }) {
      FS.mkdirTree(`${root}/full/x`)
      FS.mkdir(`${root}/d`)
      FS.writeFile(`${root}/f`, 'f')
      expectErrno(FS, 'ENOTEMPTY', () => FS.rename(`${root}/d`, `${root}/full`))
      expectErrno(FS, 'EISDIR', () => FS.rename(`${root}/f`, `${root}/d`))
      expectErrno(FS, 'ENOTDIR', () => FS.rename(`${root}/d`, `${root}/f`))
      instrumented.failOn('rename', new Error('storage is gone'))
      expectErrno(FS, 'EIO', () => FS.rename(`${root}/f`, `${root}/g`))
      instrumented.before = undefined
      expect(FS.readdir(root).toSorted()).toEqual(['.', '..', 'd', 'f', 'full'])
      expect(FS.readFile(`${root}/f`, { encoding: 'utf8' })).toBe('f')
    },
  },
  {
    name: 'hard links are one inode under two names',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/a`, 'one')
      vfs.link(vfs.lookup(ROOT_INO, 'a'), ROOT_INO, 'b')
      expect(FS.stat(`${root}/a`).ino).toBe(FS.stat(`${root}/b`).ino)
      expect(FS.stat(`${root}/a`).nlink).toBe(2)
      FS.chmod(`${root}/b`, 0o600)
      expect(FS.stat(`${root}/a`).mode & 0o777).toBe(0o600)
      expect(FS.lookupPath(`${root}/a`).node.mode & 0o777).toBe(0o600)
      FS.writeFile(`${root}/a`, 'both')
      expect(FS.readFile(`${root}/b`, { encoding: 'utf8' })).toBe('both')
      FS.unlink(`${root}/a`)
      expect(FS.stat(`${root}/b`).nlink).toBe(1)
    },
  },
  {
    name: 'renaming one hard link over the other changes nothing',
    run({ FS, root, vfs }) {
      FS.mkdir(`${root}/d`)
      FS.writeFile(`${root}/a`, 'one')
      vfs.link(vfs.lookup(ROOT_INO, 'a'), vfs.lookup(ROOT_INO, 'd'), 'b')
      FS.rename(`${root}/a`, `${root}/d/b`)
      expect(FS.readdir(root)).toContain('a')
      expect(FS.readdir(`${root}/d`)).toEqual(['.', '..', 'b'])
      expect(FS.stat(`${root}/a`).ino).toBe(FS.stat(`${root}/d/b`).ino)
      expect(FS.analyzePath(`${root}/d/a`).exists).toBe(false)
      FS.unlink(`${root}/d/b`)
      expect(FS.readFile(`${root}/a`, { encoding: 'utf8' })).toBe('one')
    },
  },
  {
    name: 'link makes a hard link, follows a symlink only if told to, and stays in its mount',
    needs: (FS) => FS.link !== undefined,
    async run({ FS, root, mountAnother }) {
      FS.writeFile(`${root}/f`, 'x')
      FS.symlink(`${root}/f`, `${root}/s`)
      FS.link!(`${root}/f`, `${root}/hard`, 0)
      FS.link!(`${root}/s`, `${root}/followed`, 0x400)
      FS.link!(`${root}/s`, `${root}/symlink`, 0)
      expect(FS.stat(`${root}/f`).nlink).toBe(3)
      expect(isSymlink(FS.lstat(`${root}/symlink`).mode)).toBe(true)
      expectErrno(FS, 'EEXIST', () => FS.link!(`${root}/f`, `${root}/hard`, 0))
      expectErrno(FS, 'ENOENT', () => FS.link!(`${root}/missing`, `${root}/x`, 0))
      const other = await mountAnother()
      expectErrno(FS, 'EXDEV', () => FS.link!(`${root}/f`, `${other}/f`, 0))
    },
  },
  {
    name: 'symlinks are followed, read, and caught in a loop',
    run({ FS, root }) {
      FS.mkdir(`${root}/d`)
      FS.writeFile(`${root}/d/f`, 'seen')
      FS.symlink('d/f', `${root}/relative`)
      FS.symlink(`${root}/d/f`, `${root}/absolute`)
      FS.symlink(`${root}/loop2`, `${root}/loop1`)
      FS.symlink(`${root}/loop1`, `${root}/loop2`)
      expect(FS.readFile(`${root}/relative`, { encoding: 'utf8' })).toBe('seen')
      expect(FS.readlink(`${root}/absolute`)).toBe(`${root}/d/f`)
      expect(isSymlink(FS.lstat(`${root}/relative`).mode)).toBe(true)
      expect(FS.lstat(`${root}/relative`).size).toBe(3)
      expectErrno(FS, 'ELOOP', () => FS.stat(`${root}/loop1`))
      expectErrno(FS, 'EINVAL', () => FS.readlink(`${root}/d/f`))
    },
  },
  {
    name: 'unlink and rmdir remove the right kind, and report what they cannot remove',
    run({ FS, root, instrumented }) {
      FS.mkdirTree(`${root}/d/e`)
      FS.writeFile(`${root}/f`, '')
      expectErrno(FS, 'EISDIR', () => FS.unlink(`${root}/d`))
      expectErrno(FS, 'ENOTDIR', () => FS.rmdir(`${root}/f`))
      expectErrno(FS, 'ENOTEMPTY', () => FS.rmdir(`${root}/d`))
      expectErrno(FS, 'ENOENT', () => FS.unlink(`${root}/missing`))
      instrumented.failOn('unlink', new Error('storage is gone'))
      expectErrno(FS, 'EIO', () => FS.unlink(`${root}/f`))
      instrumented.before = undefined
      expect(FS.analyzePath(`${root}/f`).exists).toBe(true)
      FS.rmdir(`${root}/d/e`)
      FS.rmdir(`${root}/d`)
      FS.unlink(`${root}/f`)
      expect(FS.readdir(root)).toEqual(['.', '..'])
    },
  },
  {
    name: 'devices, pipes and sockets are refused with EPERM',
    run({ FS, root }) {
      expectErrno(FS, 'EPERM', () => FS.mkdev(`${root}/tty`, 0o666, 0x500))
      expectErrno(FS, 'EPERM', () => FS.mknod(`${root}/pipe`, 0o010666, 0))
      expectErrno(FS, 'EPERM', () => FS.mknod(`${root}/socket`, 0o140666, 0))
      expect(FS.readdir(root)).toEqual(['.', '..'])
    },
  },
  {
    name: 'a name too long is ENAMETOOLONG, for what exists and what does not',
    run({ FS, root }) {
      const name = 'n'.repeat(256)
      expectErrno(FS, 'ENAMETOOLONG', () => FS.stat(`${root}/${name}`))
      expectErrno(FS, 'ENAMETOOLONG', () => FS.mkdir(`${root}/${name}`))
      FS.writeFile(`${root}/${name.slice(1)}`, 'fits')
      expect(FS.readdir(root)).toEqual(['.', '..', name.slice(1)])
    },
  },
  {
    name: 'a mounted module sees what the Vfs already held',
    run({ FS, root, vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'before', 0o755)
      vfs.write(vfs.create(directory, 'f', 0o644), bytes('kept'), 0)
      expect(isDirectory(FS.stat(`${root}/before`).mode)).toBe(true)
      expect(FS.readFile(`${root}/before/f`, { encoding: 'utf8' })).toBe('kept')
    },
  },
]
