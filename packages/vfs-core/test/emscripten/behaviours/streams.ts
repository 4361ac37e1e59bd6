// Behaviours: what open files and directories answer besides reads and writes.

import { expect } from 'vitest'
import { ROOT_INO } from '../../../src/contract/index.ts'
import { bytes, duplicate, expectErrno, O, SEEK, text, type Behaviour } from '../behaviour.ts'

const PROT = { READ: 1, WRITE: 2 } as const
const MAP = { SHARED: 1, PRIVATE: 2 } as const
const FIONBIO = 0x5421
const TIOCGWINSZ = 0x5413

export const streams: Behaviour[] = [
  {
    name: 'fsync of a file and of a directory reach the Vfs',
    run({ FS, root, vfs, instrumented }) {
      FS.mkdir(`${root}/d`)
      FS.writeFile(`${root}/d/f`, 'x')
      const directory = vfs.lookup(ROOT_INO, 'd')
      const file = vfs.lookup(directory, 'f')
      instrumented.reset()
      for (const path of ['d/f', 'd', '.']) {
        const stream = FS.open(`${root}/${path}`, O.RDONLY)
        expect(stream.node.stream_ops.fsync(stream)).toBe(0)
        FS.close(stream)
      }
      const fsyncs = instrumented.calls.filter((call) => call.operation === 'fsync')
      expect(fsyncs.map((call) => call.args[0])).toEqual([file, directory, ROOT_INO])
    },
  },
  {
    name: 'an unlinked file lives until the last duplicate of its stream is closed',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'still here')
      const ino = vfs.lookup(ROOT_INO, 'f')
      const first = FS.open(`${root}/f`, O.RDWR)
      const second = duplicate(FS, first)
      const third = duplicate(FS, second)
      FS.unlink(`${root}/f`)
      FS.close(first)
      FS.close(third)
      const into = new Uint8Array(10)
      expect(FS.read(second, into, 0, 10, 0)).toBe(10)
      expect(text(into)).toBe('still here')
      FS.write(second, bytes('S'), 0, 1, 0)
      FS.close(second)
      expect(() => vfs.getattr(ino)).toThrowError(expect.objectContaining({ code: 'ESTALE' }))
    },
  },
  {
    name: 'two opens of one file are two holds',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'x')
      const ino = vfs.lookup(ROOT_INO, 'f')
      const one = FS.open(`${root}/f`, O.RDONLY)
      const two = FS.open(`${root}/f`, O.RDONLY)
      FS.unlink(`${root}/f`)
      FS.close(one)
      expect(vfs.getattr(ino).nlink).toBe(0)
      FS.close(two)
      expect(() => vfs.getattr(ino)).toThrowError(expect.objectContaining({ code: 'ESTALE' }))
    },
  },
  {
    name: 'a directory seeks, for getdents',
    run({ FS, root }) {
      const stream = FS.open(root, O.RDONLY)
      expect(FS.llseek(stream, 560, SEEK.SET)).toBe(560)
      expect(FS.llseek(stream, 280, SEEK.CUR)).toBe(840)
      expectErrno(FS, 'EINVAL', () => FS.llseek(stream, -1, SEEK.SET))
      expectErrno(FS, 'EISDIR', () => FS.read(stream, new Uint8Array(1), 0, 1))
      FS.close(stream)
    },
  },
  {
    name: 'a private mapping holds the bytes of the file and zeros beyond its end',
    run({ FS, root, module }) {
      FS.writeFile(`${root}/f`, '0123456789')
      const stream = FS.open(`${root}/f`, O.RDONLY)
      const { ptr, allocated } = FS.mmap(stream, 8, 4, PROT.READ, MAP.PRIVATE)
      expect(allocated).toBe(true)
      expect([...module.heap().subarray(ptr, ptr + 8)]).toEqual([...bytes('456789'), 0, 0])
      expectErrno(FS, 'EINVAL', () => FS.mmap(stream, 8, -1, PROT.READ, MAP.PRIVATE))
      expectErrno(FS, 'EINVAL', () => FS.mmap(stream, 8, Number.NaN, PROT.READ, MAP.PRIVATE))
      FS.close(stream)
      const directory = FS.open(root, O.RDONLY)
      expectErrno(FS, 'ENODEV', () => FS.mmap(directory, 8, 0, PROT.READ, MAP.PRIVATE))
      FS.close(directory)
    },
  },
  {
    name: 'a shared mapping is written back, durably, and never makes the file longer',
    run({ FS, root, module, instrumented }) {
      FS.writeFile(`${root}/f`, 'abcdef')
      const stream = FS.open(`${root}/f`, O.RDWR)
      const { ptr } = FS.mmap(stream, 16, 0, PROT.READ | PROT.WRITE, MAP.SHARED)
      const mapped = module.heap().subarray(ptr, ptr + 16)
      expect(text(mapped.slice(0, 6))).toBe('abcdef')
      mapped.fill(0x78)
      instrumented.reset()
      FS.msync(stream, mapped, 0, 16, MAP.SHARED)
      expect(instrumented.count('fsync')).toBe(1)
      FS.msync(stream, mapped, 100, 16, MAP.SHARED)
      FS.close(stream)
      expect(FS.readFile(`${root}/f`, { encoding: 'utf8' })).toBe('xxxxxx')
    },
  },
  {
    name: 'ioctl knows FIONBIO only, and poll says that a file is always ready',
    run({ FS, root }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      expect(FS.ioctl(stream, FIONBIO, 0)).toBe(0)
      expectErrno(FS, 'ENOTTY', () => FS.ioctl(stream, TIOCGWINSZ, 0))
      expect(stream.node.stream_ops.poll(stream) & 0b101).toBe(0b101)
      FS.close(stream)
    },
  },
  {
    name: 'streams of a file system that was closed first can still be closed',
    async run({ FS, root, vfs }) {
      const stream = FS.open(`${root}/f`, O.RDWR | O.CREAT)
      await vfs.close()
      expectErrno(FS, 'ESTALE', () => FS.write(stream, bytes('x'), 0, 1))
      FS.close(stream)
      expect(FS.streams.includes(stream)).toBe(false)
    },
  },
]
