// Behaviours: attributes and times.

import { expect } from 'vitest'
import { BLOCK_SIZE, NAME_MAX } from '../../../src/contract/index.ts'
import { O, type Behaviour } from '../behaviour.ts'
import type { TestFS } from '../test-fs.ts'

/** utime before 3.1.74 passes the newer of the two times only. */
const separateTimes = (FS: TestFS): boolean => FS.dupStream !== undefined

export const attributes: Behaviour[] = [
  {
    name: 'stat fills every field',
    run({ FS, root }) {
      FS.writeFile(`${root}/f`, new Uint8Array(BLOCK_SIZE + 1))
      const stat = FS.stat(`${root}/f`)
      expect(stat).toMatchObject({ nlink: 1, uid: 0, gid: 0, rdev: 0, size: BLOCK_SIZE + 1 })
      expect(stat.blksize).toBe(BLOCK_SIZE)
      // Two blocks of 4 KiB in units of 512 bytes.
      expect(stat.blocks).toBe(16)
      expect(stat.mode & 0o170000).toBe(0o100000)
      expect(stat.dev).toBe(FS.stat(root).dev)
      expect(stat.dev).not.toBe(FS.stat('/').dev)
      for (const time of [stat.atime, stat.mtime, stat.ctime]) {
        expect(Math.abs(Date.now() - time.getTime())).toBeLessThan(60_000)
      }
    },
  },
  {
    name: 'chmod changes the permissions and the ctime, and nothing else',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'x')
      vfs.setattr(vfs.lookup(1, 'f'), { atime: 1000, mtime: 2000, ctime: 3000 })
      FS.chmod(`${root}/f`, 0o604)
      const stat = FS.stat(`${root}/f`)
      expect(stat.mode).toBe(0o100604)
      expect(stat.mtime.getTime()).toBe(2000)
      expect(stat.atime.getTime()).toBe(1000)
      expect(stat.ctime.getTime()).toBeGreaterThan(3000)
      const stream = FS.open(`${root}/f`, O.RDONLY)
      FS.fchmod(stream.fd, 0o640)
      FS.close(stream)
      expect(FS.lookupPath(`${root}/f`).node.mode).toBe(0o100640)
    },
  },
  {
    name: 'utime sets both times',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'x')
      FS.utime(`${root}/f`, 1_000_000, 2_000_500)
      const { atime, mtime } = vfs.getattr(vfs.lookup(1, 'f'))
      expect(mtime).toBe(2_000_500)
      expect(atime).toBe(separateTimes(FS) ? 1_000_000 : 2_000_500)
      expect(FS.stat(`${root}/f`).mtime.getTime()).toBe(2_000_500)
    },
  },
  {
    name: 'truncate sets the modification time to now',
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'x')
      vfs.setattr(vfs.lookup(1, 'f'), { mtime: 1000 })
      FS.truncate(`${root}/f`, 10)
      expect(Date.now() - FS.stat(`${root}/f`).mtime.getTime()).toBeLessThan(60_000)
    },
  },
  {
    name: 'chown succeeds and leaves the modification time',
    needs: separateTimes,
    run({ FS, root, vfs }) {
      FS.writeFile(`${root}/f`, 'x')
      vfs.setattr(vfs.lookup(1, 'f'), { mtime: 1000 })
      FS.chown(`${root}/f`, 12, 34)
      expect(FS.stat(`${root}/f`)).toMatchObject({ uid: 0, gid: 0, mtime: new Date(1000) })
    },
  },
  {
    name: 'fstat works on a file without a name',
    needs: (FS) => FS.fstat !== undefined,
    run({ FS, root }) {
      FS.writeFile(`${root}/f`, 'four')
      const stream = FS.open(`${root}/f`, O.RDONLY)
      FS.unlink(`${root}/f`)
      expect(FS.fstat!(stream.fd)).toMatchObject({ size: 4, nlink: 0 })
      FS.close(stream)
    },
  },
  {
    name: 'statfs reports the space of the Vfs',
    needs: (FS) => FS.statfs !== undefined,
    run({ FS, root, vfs }) {
      const statistics = vfs.statfs()
      expect(FS.statfs!(root)).toMatchObject({
        bsize: BLOCK_SIZE,
        frsize: BLOCK_SIZE,
        blocks: statistics.blocks,
        bfree: statistics.blocksFree,
        bavail: statistics.blocksFree,
        files: statistics.files,
        namelen: NAME_MAX,
      })
    },
  },
]
