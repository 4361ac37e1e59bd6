// What a program never wrote reads as zeros, wherever the store put the file.

import { ROOT_INO } from '../../contract/index.ts'
import { equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { isZeros, pattern, readFile, readRange, writeFile } from '../content.ts'

export const holes: Requirement = requirement('holes', [
  {
    name: 'a write beyond the end leaves zeros in between',
    run({ vfs }) {
      for (const gap of [1, 100, 4096, 5000, 70_000, 300_000]) {
        const file = writeFile(vfs, `file${gap}`, pattern(10))
        vfs.write(file, pattern(10, 2), 10 + gap)
        equal(vfs.getattr(file).size, 20 + gap, 'the size')
        const expected = new Uint8Array(20 + gap)
        expected.set(pattern(10))
        expected.set(pattern(10, 2), 10 + gap)
        equal(readFile(vfs, file), expected, `content with a hole of ${gap} bytes`)
      }
    },
  },
  {
    name: 'a first write far into an empty file leaves zeros before it',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.write(file, pattern(100), 123_456)
      isZeros(readRange(vfs, file, 0, 123_456), 'the hole')
      equal(readRange(vfs, file, 123_456, 100), pattern(100), 'the bytes after it')
    },
  },
  {
    name: 'a file grown by truncate reads as zeros where it grew',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      vfs.truncate(file, 200_000)
      equal(readRange(vfs, file, 0, 5000), pattern(5000), 'the bytes written')
      isZeros(readRange(vfs, file, 5000, 195_000), 'the hole')
    },
  },
  {
    name: 'holes fill piece by piece',
    run({ vfs }) {
      const expected = new Uint8Array(100_000)
      const file = writeFile(vfs, 'file')
      vfs.truncate(file, expected.length)
      for (const at of [50_000, 99_000, 0, 33_333, 4096, 50_500]) {
        const bytes = pattern(1000, at)
        vfs.write(file, bytes, at)
        expected.set(bytes, at)
      }
      equal(readFile(vfs, file), expected, 'content')
    },
  },
  {
    name: 'bytes of a removed file do not come back in the holes of another',
    run({ vfs }) {
      for (let round = 0; round < 5; round++) {
        const name = `full${round}`
        writeFile(vfs, name, new Uint8Array(50_000).fill(0xaa))
        vfs.unlink(ROOT_INO, name)
        const file = writeFile(vfs, `sparse${round}`)
        vfs.write(file, pattern(10), 49_990)
        isZeros(readRange(vfs, file, 0, 49_990), 'the hole')
      }
    },
  },
  {
    name: 'bytes of a removed file do not come back after sync and remount',
    needs: { persistent: true },
    async run(context) {
      writeFile(context.vfs, 'full', new Uint8Array(100_000).fill(0xaa))
      await context.vfs.sync()
      context.vfs.unlink(ROOT_INO, 'full')
      await context.vfs.sync()
      const vfs = await context.reopen()
      const file = writeFile(vfs, 'sparse')
      vfs.truncate(file, 100_000)
      vfs.write(file, pattern(10), 50_000)
      await vfs.sync()
      const again = await context.reopen()
      const expected = new Uint8Array(100_000)
      expected.set(pattern(10), 50_000)
      equal(readFile(again, again.lookup(ROOT_INO, 'sparse')), expected, 'content')
    },
  },
  {
    name: 'holes survive a remount',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(10))
      context.vfs.write(file, pattern(10, 2), 90_000)
      context.vfs.truncate(file, 150_000)
      const expected = new Uint8Array(150_000)
      expected.set(pattern(10))
      expected.set(pattern(10, 2), 90_000)
      equal(readFile(await context.reopen(), file), expected, 'content')
    },
  },
])
