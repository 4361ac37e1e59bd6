// Cutting and growing files.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { isZeros, pattern, readFile, readRange, writeFile } from '../content.ts'

export const truncate: Requirement = requirement('truncate', [
  {
    name: 'cuts a file and keeps what is below the cut',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100_000))
      for (const size of [99_999, 65_536, 65_535, 4097, 4096, 1, 0]) {
        vfs.truncate(file, size)
        equal(vfs.getattr(file).size, size, 'the size')
        equal(readFile(vfs, file), pattern(100_000).subarray(0, size), `content cut to ${size}`)
      }
    },
  },
  {
    name: 'to the same size changes no content',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(1000))
      vfs.truncate(file, 1000)
      equal(readFile(vfs, file), pattern(1000), 'content')
    },
  },
  {
    name: 'bytes that were cut off do not come back when the file grows',
    run({ vfs }) {
      for (const cut of [0, 1, 4095, 4096, 5000, 70_000]) {
        const file = writeFile(vfs, `file${cut}`, pattern(80_000))
        vfs.truncate(file, cut)
        vfs.truncate(file, 80_000)
        equal(readRange(vfs, file, 0, cut), pattern(80_000).subarray(0, cut), 'what was kept')
        isZeros(readRange(vfs, file, cut, 80_000), `what was cut at ${cut}`)
      }
    },
  },
  {
    name: 'bytes that were cut off do not come back when a write makes the file grow',
    run({ vfs }) {
      for (const cut of [0, 1, 4095, 4096, 5000, 70_000]) {
        const file = writeFile(vfs, `file${cut}`, pattern(80_000))
        vfs.truncate(file, cut)
        vfs.write(file, pattern(10, 2), 79_990)
        isZeros(readRange(vfs, file, cut, 79_990 - cut), `what was cut at ${cut}`)
        equal(readRange(vfs, file, 79_990, 10), pattern(10, 2), 'what was written')
      }
    },
  },
  {
    name: 'bytes that were cut off do not come back after sync and remount',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(80_000))
      await context.vfs.sync()
      context.vfs.truncate(file, 5000)
      await context.vfs.sync()
      const vfs = await context.reopen()
      vfs.truncate(file, 80_000)
      isZeros(readRange(vfs, file, 5000, 75_000), 'what was cut')
      const again = await context.reopen()
      equal(readRange(again, file, 0, 5000), pattern(80_000).subarray(0, 5000), 'what was kept')
      isZeros(readRange(again, file, 5000, 75_000), 'what was cut, after another remount')
    },
  },
  {
    name: 'cut and grow in one go survive a remount',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(20_000))
      context.vfs.truncate(file, 100)
      context.vfs.truncate(file, 20_000)
      const expected = new Uint8Array(20_000)
      expected.set(pattern(20_000).subarray(0, 100))
      equal(readFile(await context.reopen(), file), expected, 'content')
    },
  },
  {
    name: 'of a directory is EISDIR, of the root too',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      refuses(vfs, 'EISDIR', 'truncate', () => vfs.truncate(directory, 0))
      refuses(vfs, 'EISDIR', 'truncate', () => vfs.truncate(ROOT_INO, 0))
    },
  },
  {
    name: 'to a size that is negative or not an integer is EINVAL',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      for (const size of [
        -1,
        0.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ]) {
        refuses(vfs, 'EINVAL', 'truncate', () => vfs.truncate(file, size))
      }
    },
  },
])
