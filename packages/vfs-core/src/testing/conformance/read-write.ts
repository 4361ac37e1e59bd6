// Reading and writing file content: offsets, lengths, ends of files, and what is not a file.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readFile, readRange, writeFile } from '../content.ts'

/** Around the block, slot, chunk and buffer sizes that stores are likely to use. */
const SIZES = [1, 511, 512, 4095, 4096, 4097, 8192, 65_535, 65_536, 65_537, 262_145, 1_048_577]

const NOT_OFFSETS = [-1, -4096, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

export const readWrite: Requirement = requirement('read and write', [
  {
    name: 'what was written is read back, at every size around a boundary',
    run({ vfs }) {
      for (const size of SIZES) {
        const file = writeFile(vfs, `file${size}`, pattern(size, size))
        equal(vfs.getattr(file).size, size, 'the size')
        equal(readFile(vfs, file), pattern(size, size), `${size} bytes`)
      }
    },
  },
  {
    name: 'write returns its length and grows the file only past its end',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      equal(vfs.write(file, pattern(10, 2), 50), 10, 'bytes written inside')
      equal(vfs.getattr(file).size, 100, 'the size after a write inside')
      equal(vfs.write(file, pattern(10, 2), 90), 10, 'bytes written up to the end')
      equal(vfs.getattr(file).size, 100, 'the size after a write up to the end')
      equal(vfs.write(file, pattern(10, 2), 95), 10, 'bytes written across the end')
      equal(vfs.getattr(file).size, 105, 'the size after a write across the end')
    },
  },
  {
    name: 'an overwrite changes its own bytes and no others',
    run({ vfs }) {
      const expected = pattern(20_000, 1)
      const file = writeFile(vfs, 'file', expected)
      const pieces = [
        [0, 1],
        [4095, 2],
        [8192, 4096],
        [12_345, 678],
        [19_999, 1],
      ] as const
      for (const [at, length] of pieces) {
        const bytes = pattern(length, at + 2)
        vfs.write(file, bytes, at)
        expected.set(bytes, at)
      }
      equal(readFile(vfs, file), expected, 'content')
    },
  },
  {
    name: 'a file written backwards in odd pieces is whole',
    run({ vfs }) {
      const expected = pattern(50_000)
      const file = writeFile(vfs, 'file')
      for (let end = expected.length; end > 0; end -= 777) {
        const start = Math.max(0, end - 777)
        vfs.write(file, expected.subarray(start, end), start)
      }
      equal(readFile(vfs, file), expected, 'content')
    },
  },
  {
    name: 'a file appended to a thousand times is whole',
    run({ vfs }) {
      const expected = pattern(113 * 1000)
      const file = writeFile(vfs, 'file')
      for (let at = 0; at < expected.length; at += 113) {
        vfs.write(file, expected.subarray(at, at + 113), at)
      }
      equal(readFile(vfs, file), expected, 'content')
    },
  },
  {
    name: 'files that grow in turns keep their contents apart',
    run({ vfs }) {
      const files = Array.from({ length: 8 }, (_, index) => writeFile(vfs, `file${index}`))
      for (let at = 0; at < 60_000; at += 3000) {
        files.forEach((ino, index) => {
          vfs.write(ino, pattern(60_000, index).subarray(at, at + 3000), at)
        })
      }
      files.forEach((ino, index) => {
        equal(readFile(vfs, ino), pattern(60_000, index), `file${index}`)
      })
    },
  },
  {
    name: 'zeros written over content are zeros',
    run({ vfs }) {
      const expected = pattern(30_000)
      const file = writeFile(vfs, 'file', expected)
      vfs.write(file, new Uint8Array(9000), 5000)
      expected.fill(0, 5000, 14_000)
      equal(readFile(vfs, file), expected, 'content')
    },
  },
  {
    name: 'zeros written across the end of a file are zeros on both sides of it',
    run({ vfs }) {
      for (const size of [1, 100, 4096, 5000, 70_000]) {
        const file = writeFile(vfs, `file${size}`, pattern(size))
        const at = Math.floor(size / 2)
        vfs.write(file, new Uint8Array(2 * size), at)
        const expected = new Uint8Array(at + 2 * size)
        expected.set(pattern(size).subarray(0, at))
        equal(readFile(vfs, file), expected, `content of a file of ${size} bytes`)
      }
    },
  },
  {
    name: 'a read ends at the end of the file',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      equal(readRange(vfs, file, 90, 50), pattern(100).subarray(90), 'a read across the end')
      for (const at of [100, 101, 5000, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        equal(vfs.read(file, new Uint8Array(50), at), 0, `bytes read at ${at}`)
      }
      equal(vfs.read(writeFile(vfs, 'empty'), new Uint8Array(50), 0), 0, 'bytes of an empty file')
    },
  },
  {
    name: 'reads and writes of nothing change nothing, at any offset',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      vfs.setattr(file, { mtime: 1000, ctime: 2000 })
      const nothing = new Uint8Array()
      for (const at of [0, 50, 100, 5000, Number.MAX_SAFE_INTEGER]) {
        equal(vfs.read(file, nothing, at), 0, 'bytes read')
        equal(vfs.write(file, nothing, at), 0, 'bytes written')
      }
      const { size, mtime, ctime } = vfs.getattr(file)
      equal({ size, mtime, ctime }, { size: 100, mtime: 1000, ctime: 2000 }, 'attributes')
    },
  },
  {
    name: 'an offset that is negative or not an integer is EINVAL',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      for (const at of NOT_OFFSETS) {
        refuses(vfs, 'EINVAL', 'read', () => vfs.read(file, new Uint8Array(10), at))
        refuses(vfs, 'EINVAL', 'write', () => vfs.write(file, pattern(10), at))
      }
    },
  },
  {
    name: 'reading and writing a directory is EISDIR',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      for (const ino of [directory, ROOT_INO]) {
        refuses(vfs, 'EISDIR', 'read', () => vfs.read(ino, new Uint8Array(10), 0))
        refuses(vfs, 'EISDIR', 'write', () => vfs.write(ino, pattern(10), 0))
      }
    },
  },
])
