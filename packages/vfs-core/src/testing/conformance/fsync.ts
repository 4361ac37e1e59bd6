// fsync: what it accepts, what it leaves alone, and that it is free when nothing is pending. What it
// promises across a power cut is the crash tests' business; a suite cannot cut the power.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

export const fsync: Requirement = requirement('fsync', [
  {
    name: 'works on files, directories and symlinks, with and without dataOnly',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      for (const ino of [file, directory, link, ROOT_INO]) {
        vfs.fsync(ino)
        vfs.fsync(ino, { dataOnly: true })
        vfs.fsync(ino, { dataOnly: false })
        vfs.fsync(ino, {})
      }
      equal(readFile(vfs, file), pattern(5000), 'content')
      equal(namesIn(vfs), ['file', 'directory', 'link'], 'names')
    },
  },
  {
    name: 'changes no attribute',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      vfs.setattr(file, { mode: 0o600, atime: 1, mtime: 2, ctime: 3 })
      const before = vfs.getattr(file)
      vfs.fsync(file)
      equal(vfs.getattr(file), before, 'attributes')
    },
  },
  {
    name: 'of an inode that is gone is ESTALE',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      vfs.unlink(ROOT_INO, 'file')
      throwsError('ESTALE', 'fsync', () => vfs.fsync(file))
      throwsError('ESTALE', 'fsync', () => vfs.fsync(999_999, { dataOnly: true }))
    },
  },
  {
    name: 'between writes loses and repeats nothing',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const other = writeFile(vfs, 'other')
      const content = pattern(50_000)
      for (let at = 0; at < content.length; at += 5000) {
        vfs.write(file, content.subarray(at, at + 5000), at)
        vfs.fsync(file, { dataOnly: at % 10_000 === 0 })
        vfs.write(other, content.subarray(at, at + 100), at)
      }
      equal(readFile(vfs, file), content, 'content')
      equal(vfs.getattr(other).size, 45_100, 'size of the other file')
    },
  },
  {
    name: 'with nothing pending does no physical work',
    needs: { synchronousFsync: true },
    async run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      vfs.fsync(file)
      vfs.fsync(directory)
      vfs.fsync(ROOT_INO)
      await vfs.sync()
      const before = { ...vfs.stats() }
      for (const ino of [file, directory, ROOT_INO]) vfs.fsync(ino)
      equal({ ...vfs.stats() }, before, 'counters')
    },
  },
  {
    name: 'of one file after another, then a remount: all are whole',
    needs: { persistent: true },
    async run(context) {
      for (let index = 0; index < 30; index++) {
        const ino = writeFile(context.vfs, `file${index}`, pattern(1000 * index, index))
        context.vfs.fsync(ino)
      }
      context.vfs.fsync(ROOT_INO)
      const vfs = await context.reopen()
      for (let index = 0; index < 30; index++) {
        const content = readFile(vfs, vfs.lookup(ROOT_INO, `file${index}`))
        equal(content, pattern(1000 * index, index), `file${index}`)
      }
    },
  },
  {
    name: 'of a new file, a rename over the old one and an fsync of the directory replace it for good',
    needs: { persistent: true },
    async run(context) {
      for (let round = 0; round < 5; round++) {
        const ino = writeFile(context.vfs, 'temporary', pattern(9000, round))
        context.vfs.fsync(ino)
        context.vfs.rename(ROOT_INO, 'temporary', ROOT_INO, 'current')
        context.vfs.fsync(ino)
        context.vfs.fsync(ROOT_INO)
        const vfs = await context.reopen()
        equal(namesIn(vfs), ['current'], 'names')
        equal(readFile(vfs, vfs.lookup(ROOT_INO, 'current')), pattern(9000, round), 'content')
      }
    },
  },
])
