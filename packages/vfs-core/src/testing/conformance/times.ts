// Which operation marks which times (POSIX: "shall mark for update"). Each case first sets the times
// far back, so that a mark shows without waiting for the clock.

import { ROOT_INO, type Ino, type Vfs } from '../../contract/index.ts'
import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, writeFile } from '../content.ts'

const LONG_AGO = 1000
/** The clock of a file system may be coarser than, or out of step with, `Date.now()`. */
const CLOCK_TOLERANCE_MS = 50

type Time = 'atime' | 'mtime' | 'ctime'

/** Runs `action` and checks that it marked exactly these times of an inode. */
function marks(vfs: Vfs, ino: Ino, expected: readonly Time[], about: string, action: () => void) {
  vfs.setattr(ino, { atime: LONG_AGO, mtime: LONG_AGO, ctime: LONG_AGO })
  const before = Date.now()
  action()
  const after = Date.now()
  const found = vfs.getattr(ino)
  for (const time of ['atime', 'mtime', 'ctime'] as const) {
    if (!expected.includes(time)) {
      equal(found[time], LONG_AGO, `${about}: ${time}`)
      continue
    }
    check(
      found[time] >= before - CLOCK_TOLERANCE_MS && found[time] <= after + CLOCK_TOLERANCE_MS,
      `${about}: ${time} is now (${before} to ${after}), not ${found[time]}`,
    )
  }
}

const CHANGED = ['mtime', 'ctime'] as const

export const times: Requirement = requirement('times', [
  {
    name: 'a new inode has all its times at now',
    run({ vfs }) {
      const before = Date.now() - CLOCK_TOLERANCE_MS
      const inos = [
        writeFile(vfs, 'file'),
        vfs.mkdir(ROOT_INO, 'directory', 0o755),
        vfs.symlink(ROOT_INO, 'link', 'file'),
      ]
      const after = Date.now() + CLOCK_TOLERANCE_MS
      for (const ino of inos) {
        const { atime, mtime, ctime } = vfs.getattr(ino)
        for (const time of [atime, mtime, ctime]) {
          check(time >= before && time <= after, `a time of ${before} to ${after}, not ${time}`)
        }
      }
    },
  },
  {
    name: 'making a name marks mtime and ctime of its directory',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      marks(vfs, directory, CHANGED, 'create', () => vfs.create(directory, 'file', 0o644))
      marks(vfs, directory, CHANGED, 'mkdir', () => vfs.mkdir(directory, 'inner', 0o755))
      marks(vfs, directory, CHANGED, 'symlink', () => vfs.symlink(directory, 'link', 'file'))
    },
  },
  {
    name: 'removing a name marks mtime and ctime of its directory',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file', undefined, directory)
      vfs.mkdir(directory, 'inner', 0o755)
      marks(vfs, directory, CHANGED, 'unlink', () => vfs.unlink(directory, 'file'))
      marks(vfs, directory, CHANGED, 'rmdir', () => vfs.rmdir(directory, 'inner'))
    },
  },
  {
    name: 'a rename marks mtime and ctime of both directories',
    run({ vfs }) {
      const from = vfs.mkdir(ROOT_INO, 'from', 0o755)
      const to = vfs.mkdir(ROOT_INO, 'to', 0o755)
      writeFile(vfs, 'file', undefined, from)
      marks(vfs, from, CHANGED, 'the old directory', () => {
        marks(vfs, to, CHANGED, 'the new directory', () => vfs.rename(from, 'file', to, 'file'))
      })
      marks(vfs, to, CHANGED, 'the one directory', () => vfs.rename(to, 'file', to, 'other'))
    },
  },
  {
    name: 'link and unlink mark ctime of a file that keeps a name, and mtime and ctime of the directory',
    needs: { hardLinks: true },
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      const file = writeFile(vfs, 'file')
      marks(vfs, file, ['ctime'], 'link', () => vfs.link(file, directory, 'one'))
      marks(vfs, file, ['ctime'], 'unlink', () => vfs.unlink(directory, 'one'))
      marks(vfs, directory, CHANGED, 'link', () => vfs.link(file, directory, 'two'))
    },
  },
  {
    name: 'unlink marks ctime of a held file that loses its last name',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.acquire(file)
      marks(vfs, file, ['ctime'], 'unlink', () => vfs.unlink(ROOT_INO, 'file'))
      vfs.release(file)
    },
  },
  {
    name: 'a write marks mtime and ctime, inside a file and past its end',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      marks(vfs, file, CHANGED, 'a write inside', () => vfs.write(file, pattern(10), 0))
      marks(vfs, file, CHANGED, 'a write past the end', () => vfs.write(file, pattern(10), 200))
    },
  },
  {
    name: 'a truncate marks mtime and ctime, cutting and growing',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      marks(vfs, file, CHANGED, 'cutting', () => vfs.truncate(file, 50))
      marks(vfs, file, CHANGED, 'growing', () => vfs.truncate(file, 150))
      marks(vfs, file, CHANGED, 'setattr of a size', () => vfs.setattr(file, { size: 10 }))
    },
  },
  {
    name: 'a read marks atime alone',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      marks(vfs, file, ['atime'], 'read', () => vfs.read(file, new Uint8Array(10), 0))
    },
  },
  {
    name: 'setattr of a mode marks ctime alone',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      marks(vfs, file, ['ctime'], 'setattr', () => vfs.setattr(file, { mode: 0o600 }))
    },
  },
  {
    name: 'setattr of atime or mtime sets just that, and marks ctime',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      marks(vfs, file, ['ctime'], 'setattr', () => vfs.setattr(file, { atime: LONG_AGO }))
      vfs.setattr(file, { mtime: 5000 })
      const { atime, mtime } = vfs.getattr(file)
      equal({ atime, mtime }, { atime: LONG_AGO, mtime: 5000 }, 'times')
    },
  },
  {
    name: 'looking, walking and listing attributes mark nothing',
    run({ vfs }) {
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file', undefined, directory)
      marks(vfs, directory, [], 'lookup and getattr', () => {
        vfs.lookup(directory, 'file')
        vfs.getattr(directory)
        vfs.statfs()
        vfs.acquire(directory)
        vfs.release(directory)
        vfs.fsync(directory)
      })
    },
  },
  {
    name: 'times are kept to the millisecond, from long before 1970 to far ahead',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      for (const time of [0, 1, -1, -14_182_940_000, 1_700_000_000_123, 4_294_967_296_000]) {
        vfs.setattr(file, { atime: time, mtime: time + 1, ctime: time + 2 })
        const { atime, mtime, ctime } = vfs.getattr(file)
        equal([atime, mtime, ctime], [time, time + 1, time + 2], 'times')
      }
    },
  },
  {
    name: 'times survive a remount',
    needs: { persistent: true },
    async run(context) {
      const { vfs } = context
      const inos = [
        writeFile(vfs, 'file', pattern(10)),
        vfs.mkdir(ROOT_INO, 'directory', 0o755),
        vfs.symlink(ROOT_INO, 'link', 'file'),
        ROOT_INO,
      ]
      inos.forEach((ino, index) => {
        const time = 1_600_000_000_000 + index * 1111
        vfs.setattr(ino, { atime: time, mtime: -time, ctime: time + 1 })
      })
      const again = await context.reopen()
      inos.forEach((ino, index) => {
        const time = 1_600_000_000_000 + index * 1111
        const { atime, mtime, ctime } = again.getattr(ino)
        equal({ atime, mtime, ctime }, { atime: time, mtime: -time, ctime: time + 1 }, 'times')
      })
    },
  },
  {
    name: 'times that a write moved survive a remount',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(10))
      context.vfs.setattr(file, { mtime: LONG_AGO, ctime: LONG_AGO })
      await context.vfs.sync()
      context.vfs.write(file, pattern(10, 2), 0)
      const { mtime, ctime } = context.vfs.getattr(file)
      check(mtime > LONG_AGO, 'the write moved mtime')
      const found = (await context.reopen()).getattr(file)
      equal({ mtime: found.mtime, ctime: found.ctime }, { mtime, ctime }, 'times')
    },
  },
  {
    name: 'a time that a read moved survives a remount, in which nothing else had changed',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(10))
      context.vfs.setattr(file, { atime: LONG_AGO, mtime: LONG_AGO, ctime: LONG_AGO })
      const again = await context.reopen()
      again.read(file, new Uint8Array(10), 0)
      const { atime } = again.getattr(file)
      check(atime > LONG_AGO, 'the read moved atime')
      equal((await context.reopen()).getattr(file).atime, atime, 'atime')
    },
  },
])
