// Behaviours: bytes, offsets, buffers and flags of open files.

import { expect } from 'vitest'
import {
  bytes,
  expectErrno,
  O,
  openFiles,
  SEEK,
  sizeOf,
  text,
  type Behaviour,
} from '../behaviour.ts'

export const content: Behaviour[] = [
  {
    name: 'a file reads back what was written',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'hello')
      expect(FS.readFile(`${root}/f`, { encoding: 'utf8' })).toBe('hello')
      const into = new Uint8Array(5)
      expect(vfs.read(vfs.lookup(1, 'f'), into, 0)).toBe(5)
      expect(text(into)).toBe('hello')
    },
  },
  {
    name: 'write honours the offset and the byteOffset of the buffer',
    run({ FS, root }) {
      const backing = bytes('0123456789')
      const view = new Int8Array(backing.buffer, 2, 6)
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      expect(FS.write(stream, view, 1, 3)).toBe(3)
      FS.close(stream)
      expect(FS.readFile(`${root}/f`, { encoding: 'utf8' })).toBe('345')
    },
  },
  {
    name: 'read honours the offset and the byteOffset, and touches nothing else',
    run({ FS, root }) {
      FS.writeFile(`${root}/f`, 'abc')
      const backing = bytes('..........')
      const stream = FS.open(`${root}/f`, O.RDONLY)
      expect(FS.read(stream, new Int8Array(backing.buffer, 2, 6), 1, 5)).toBe(3)
      expect(FS.read(stream, new Int8Array(backing.buffer, 2, 6), 1, 5)).toBe(0)
      FS.close(stream)
      expect(text(backing)).toBe('...abc....')
    },
  },
  {
    name: 'a shared heap is read from and written to',
    run({ FS, root }) {
      const heap = new Int8Array(new SharedArrayBuffer(64))
      heap.set(bytes('shared'), 8)
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      expect(FS.write(stream, heap, 8, 6, 0)).toBe(6)
      expect(FS.read(stream, heap, 32, 6, 0)).toBe(6)
      FS.close(stream)
      expect(text(Uint8Array.from(heap.subarray(32, 38)))).toBe('shared')
    },
  },
  {
    name: 'a range outside the buffer is EFAULT',
    run({ FS, root }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      const heap = new Uint8Array(new ArrayBuffer(16), 4, 4)
      expectErrno(FS, 'EFAULT', () => FS.write(stream, heap, 2, 3, 0))
      expectErrno(FS, 'EFAULT', () => FS.read(stream, heap, -1, 2, 0))
      FS.close(stream)
      expect(FS.stat(`${root}/f`).size).toBe(0)
    },
  },
  {
    name: 'the buffer may change as soon as write returns',
    run({ FS, root }) {
      const heap = bytes('before')
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      FS.write(stream, heap, 0, 6)
      heap.fill(0)
      FS.close(stream)
      FS.writeFile(`${root}/g`, heap, { canOwn: true })
      heap.fill(1)
      expect(FS.readFile(`${root}/f`, { encoding: 'utf8' })).toBe('before')
      expect([...FS.readFile(`${root}/g`)]).toEqual([0, 0, 0, 0, 0, 0])
    },
  },
  {
    name: 'reads and writes without an offset move the position, those with one do not',
    run({ FS, root }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      FS.write(stream, bytes('abcdef'), 0, 6)
      expect(FS.llseek(stream, -2, SEEK.CUR)).toBe(4)
      const into = new Uint8Array(2)
      FS.read(stream, into, 0, 2, 0)
      expect(text(into)).toBe('ab')
      FS.read(stream, into, 0, 2)
      expect(text(into)).toBe('ef')
      expect(FS.llseek(stream, -1, SEEK.END)).toBe(5)
      expect(FS.llseek(stream, 10, SEEK.SET)).toBe(10)
      FS.write(stream, bytes('!'), 0, 1)
      FS.close(stream)
      expect([...FS.readFile(`${root}/f`)].slice(4)).toEqual([101, 102, 0, 0, 0, 0, 33])
    },
  },
  {
    name: 'an impossible offset is an error and moves nothing',
    run({ FS, root }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      FS.write(stream, bytes('abc'), 0, 3)
      expectErrno(FS, 'EINVAL', () => FS.llseek(stream, -1, SEEK.SET))
      expectErrno(FS, 'EINVAL', () => FS.llseek(stream, Number.NaN, SEEK.SET))
      expectErrno(FS, 'EOVERFLOW', () => FS.llseek(stream, 2 ** 53, SEEK.CUR))
      expectErrno(FS, 'EINVAL', () => FS.read(stream, new Uint8Array(1), 0, 1, -1))
      expectErrno(FS, 'EINVAL', () => FS.write(stream, bytes('x'), 0, 1, -1))
      expectErrno(FS, 'EFBIG', () => FS.write(stream, bytes('x'), 0, 1, 2 ** 53 - 1))
      expect(stream.position).toBe(3)
      expect(sizeOf(stream)).toBe(3)
      FS.close(stream)
    },
  },
  {
    name: 'O_APPEND writes at the end',
    run({ FS, root }) {
      FS.writeFile(`${root}/log`, 'one ')
      const stream = FS.open(`${root}/log`, O.WRONLY | O.APPEND)
      FS.write(stream, bytes('two '), 0, 4)
      FS.llseek(stream, 0, SEEK.SET)
      FS.write(stream, bytes('three'), 0, 5)
      FS.close(stream)
      expect(FS.readFile(`${root}/log`, { encoding: 'utf8' })).toBe('one two three')
    },
  },
  {
    name: 'O_SYNC and O_DSYNC make each write an fsync, and no flag makes none',
    run({ FS, root, instrumented }) {
      const fsyncs = (flags: number): unknown[] => {
        const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT | flags)
        instrumented.reset()
        FS.write(stream, bytes('x'), 0, 1, 0)
        FS.close(stream)
        return instrumented.calls.filter((call) => call.operation === 'fsync').map((c) => c.args[1])
      }
      expect(fsyncs(0)).toEqual([])
      expect(fsyncs(O.SYNC)).toEqual([undefined])
      expect(fsyncs(O.DSYNC)).toEqual([{ dataOnly: true }])
    },
  },
  {
    name: 'O_EXCL, O_TRUNC and O_DIRECTORY mean what POSIX says',
    run({ FS, root }) {
      FS.writeFile(`${root}/f`, 'content')
      FS.mkdir(`${root}/d`)
      expectErrno(FS, 'EEXIST', () => FS.open(`${root}/f`, O.RDWR | O.CREAT | O.EXCL))
      expectErrno(FS, 'ENOENT', () => FS.open(`${root}/missing`, O.RDONLY))
      expectErrno(FS, 'ENOTDIR', () => FS.open(`${root}/f`, O.RDONLY | O.DIRECTORY))
      expectErrno(FS, 'EISDIR', () => FS.open(`${root}/d`, O.RDWR))
      FS.close(FS.open(`${root}/f`, O.RDWR | O.TRUNC))
      expect(FS.stat(`${root}/f`).size).toBe(0)
    },
  },
  {
    name: 'truncate works by path, through a stream, and on a file without a name',
    run({ FS, root }) {
      FS.writeFile(`${root}/f`, 'abcdef')
      FS.truncate(`${root}/f`, 4)
      const stream = FS.open(`${root}/f`, O.RDWR)
      FS.ftruncate(stream.fd, 2)
      FS.ftruncate(stream.fd, 5)
      const into = new Uint8Array(8)
      expect(FS.read(stream, into, 0, 8, 0)).toBe(5)
      expect([...into.subarray(0, 5)]).toEqual([97, 98, 0, 0, 0])
      FS.unlink(`${root}/f`)
      FS.ftruncate(stream.fd, 1)
      expect(sizeOf(stream)).toBe(1)
      FS.close(stream)
      FS.writeFile(`${root}/g`, 'abc')
      expectErrno(FS, 'EINVAL', () => FS.truncate(`${root}/g`, -1))
      expectErrno(FS, 'EINVAL', () => FS.truncate(`${root}/g`, 1.5))
      expect(FS.stat(`${root}/g`).size).toBe(3)
    },
  },
  {
    name: 'a file that cannot be held is not left open',
    run({ FS, root, instrumented }) {
      FS.writeFile(`${root}/f`, 'x')
      const before = openFiles(FS)
      instrumented.failOn('acquire', new Error('no more'))
      expectErrno(FS, 'EIO', () => FS.open(`${root}/f`, O.RDONLY))
      expect(openFiles(FS)).toBe(before)
    },
  },
  {
    name: 'posix_fallocate grows a file and never shrinks it',
    needs: (FS) => FS.allocate !== undefined,
    run({ FS, root }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      FS.allocate!(stream, 10, 20)
      expect(sizeOf(stream)).toBe(30)
      FS.allocate!(stream, 0, 5)
      expect(sizeOf(stream)).toBe(30)
      FS.close(stream)
    },
  },
]
