// Behaviours: no failure below reaches the program as anything but an errno, and none is lost.

import { expect } from 'vitest'
import { ERRNO, VfsError, type Vfs } from '../../../src/contract/index.ts'
import { bytes, expectErrno, O, type Behaviour, type BehaviourContext } from '../behaviour.ts'

/** One call of the program for each operation of the Vfs, made on `f`, `d`, `s` and an open stream. */
const CALLS: readonly [keyof Vfs, (context: BehaviourContext) => unknown][] = [
  ['find', ({ FS, root }) => FS.stat(`${root}/d/unknown`)],
  ['getattr', ({ FS, root }) => FS.stat(`${root}/f`)],
  ['setattr', ({ FS, root }) => FS.chmod(`${root}/f`, 0o600)],
  ['mkdir', ({ FS, root }) => FS.mkdir(`${root}/new`)],
  ['create', ({ FS, root }) => FS.open(`${root}/new`, O.RDWR | O.CREAT)],
  ['symlink', ({ FS, root }) => FS.symlink('/t', `${root}/new`)],
  ['readlink', ({ FS, root }) => FS.readlink(`${root}/s`)],
  ['unlink', ({ FS, root }) => FS.unlink(`${root}/f`)],
  ['rmdir', ({ FS, root }) => FS.rmdir(`${root}/d`)],
  ['rename', ({ FS, root }) => FS.rename(`${root}/f`, `${root}/g`)],
  ['readdir', ({ FS, root }) => FS.readdir(`${root}/d`)],
  ['acquire', ({ FS, root }) => FS.open(`${root}/f`, O.RDONLY)],
]

export const errors: Behaviour[] = [
  {
    name: 'any failure of any operation is an ErrnoError with the cause kept',
    run(context) {
      const { FS, root, instrumented, observed } = context
      FS.writeFile(`${root}/f`, 'x')
      FS.mkdir(`${root}/d`)
      FS.symlink('/target', `${root}/s`)
      FS.lstat(`${root}/s`)
      const cause = new TypeError('not one of ours')
      for (const [operation, call] of CALLS) {
        instrumented.failOn(operation, cause)
        const error = expectErrno(FS, 'EIO', () => call(context))
        expect(error.cause).toBeInstanceOf(VfsError)
        expect((error.cause as VfsError).cause).toBe(cause)
        expect((error.cause as VfsError).message).toContain('not one of ours')
      }
      expect(observed.length).toBe(CALLS.length)
    },
  },
  {
    name: 'a failed read, write, seek or fsync of an open file is an ErrnoError too',
    run({ FS, root, instrumented }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      const buffer = bytes('x')
      const calls: [keyof Vfs, () => unknown][] = [
        ['read', () => FS.read(stream, buffer, 0, 1, 0)],
        ['write', () => FS.write(stream, buffer, 0, 1, 0)],
        ['getattr', () => FS.llseek(stream, 0, 2)],
        ['fsync', () => stream.node.stream_ops.fsync(stream)],
        ['read', () => FS.mmap(stream, 1, 0, 1, 2)],
        ['write', () => FS.msync(stream, bytes('y'), 0, 1, 1)],
        ['release', () => FS.close(stream)],
      ]
      instrumented.before = undefined
      FS.write(stream, buffer, 0, 1, 0)
      for (const [operation, call] of calls) {
        instrumented.failOn(operation, 'a string, thrown')
        const error = expectErrno(FS, 'EIO', call)
        expect((error.cause as VfsError).cause).toBe('a string, thrown')
      }
      expect(FS.streams.includes(stream)).toBe(false)
    },
  },
  {
    name: 'the code of a VfsError arrives as its number',
    run({ FS, root, instrumented, observed }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'ENOTSUP'] as const) {
        const cause = new VfsError(code, 'write')
        instrumented.failOn('write', cause)
        expect(expectErrno(FS, code, () => FS.write(stream, bytes('x'), 0, 1)).cause).toBe(cause)
        expect(observed.at(-1)).toBe(cause)
      }
      instrumented.before = undefined
      FS.close(stream)
    },
  },
  {
    name: 'a VfsError of another copy of this package is understood',
    run({ FS, root, instrumented }) {
      const foreign = Object.assign(new Error('EDQUOT: quota exceeded'), {
        name: 'VfsError',
        code: 'EDQUOT',
        errno: ERRNO.EDQUOT,
      })
      instrumented.failOn('mkdir', foreign)
      expect(expectErrno(FS, 'EDQUOT', () => FS.mkdir(`${root}/d`)).cause).toBe(foreign)
    },
  },
  {
    name: 'a missing name is told to nobody',
    run({ FS, root, observed }) {
      expectErrno(FS, 'ENOENT', () => FS.stat(`${root}/missing`))
      expect(observed).toEqual([])
    },
  },
  {
    name: 'syncfs calls back once the Vfs is synced, or with its error',
    async run({ FS, root, instrumented }) {
      const syncfs = (populate: boolean): Promise<unknown> =>
        new Promise((resolve) => FS.syncfs(populate, resolve))
      FS.writeFile(`${root}/f`, 'x')
      instrumented.reset()
      expect(await syncfs(true)).toBeNull()
      expect(instrumented.count('sync')).toBe(0)
      expect(await syncfs(false)).toBeNull()
      expect(instrumented.count('sync')).toBe(1)
      const cause = new VfsError('ENOSPC', 'sync')
      instrumented.failOn('sync', cause)
      expect(await syncfs(false)).toMatchObject({ errno: ERRNO.ENOSPC, cause })
    },
  },
  {
    name: 'syncfs called for fsync(2) syncs what is open, and calls back at once',
    async run({ FS, root, vfs, instrumented, mountAnother }) {
      const { mount } = FS.lookupPath(root).node
      const elsewhere = FS.open(`${await mountAnother()}/f`, O.RDWR | O.CREAT)
      const fsync = (): unknown => {
        let result: unknown = 'not called back'
        mount.type.syncfs(mount, false, (error) => (result = error))
        return result
      }
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      FS.close(FS.open(`${root}/closed`, O.RDWR | O.CREAT))
      instrumented.reset()
      expect(fsync()).toBeNull()
      const fsyncs = instrumented.calls.filter(({ operation }) => operation === 'fsync')
      expect(fsyncs.map(({ args }) => args[0])).toEqual([vfs.lookup(1, 'f')])

      // A syncfs of the whole tree that is still under way does not change that.
      const whole = new Promise((resolve) => FS.syncfs(false, resolve))
      expect(fsync()).toBeNull()
      expect(instrumented.count('fsync')).toBe(2)
      expect(await whole).toBeNull()
      expect(instrumented.count('sync')).toBe(1)

      const cause = new VfsError('EIO', 'fsync')
      instrumented.failOn('fsync', cause)
      expect(fsync()).toMatchObject({ errno: ERRNO.EIO, cause })
      instrumented.before = undefined
      FS.close(stream)
      FS.close(elsewhere)
    },
  },
]
