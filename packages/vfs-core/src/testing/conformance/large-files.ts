// Large files, and offsets up to the largest file a backend declares.

import { ROOT_INO, VfsError, type Vfs } from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { isZeros, pattern, readRange, writeFile } from '../content.ts'

const MIB = 1 << 20

/** A content of many MiB of which any piece can be made alone. */
const piece = (index: number): Uint8Array => pattern(MIB, index + 1)

function checkPieces(vfs: Vfs, ino: number, count: number): void {
  for (let index = 0; index < count; index++) {
    equal(readRange(vfs, ino, index * MIB, MIB), piece(index), `MiB ${index}`)
  }
}

/**
 * Does something that needs more space than a device may have: it either works or is refused with
 * ENOSPC. Returns whether it worked.
 */
function ifSpaceAllows(vfs: Vfs, ino: number, grow: () => void): boolean {
  const { size } = vfs.getattr(ino)
  try {
    grow()
    return true
  } catch (error) {
    check(error instanceof VfsError && error.code === 'ENOSPC', `ENOSPC, not ${String(error)}`)
    equal(vfs.getattr(ino).size, size, 'the size after ENOSPC')
    return false
  }
}

export const largeFiles: Requirement = requirement('large files', [
  {
    name: 'a file of 24 MiB is whole, in memory and after a remount',
    async run(context) {
      const file = writeFile(context.vfs, 'large')
      for (let index = 0; index < 24; index++) context.vfs.write(file, piece(index), index * MIB)
      equal(context.vfs.getattr(file).size, 24 * MIB, 'the size')
      checkPieces(context.vfs, file, 24)
      if (context.target.capabilities.persistent) checkPieces(await context.reopen(), file, 24)
    },
  },
  {
    name: 'one call reads and writes 16 MiB',
    run({ vfs }) {
      const content = pattern(16 * MIB)
      const file = writeFile(vfs, 'large', content)
      equal(readRange(vfs, file, 0, 16 * MIB), content, 'content')
    },
  },
  {
    name: 'a large file is cut, grown and removed',
    run({ vfs }) {
      const file = writeFile(vfs, 'large', pattern(8 * MIB))
      vfs.truncate(file, 3 * MIB + 5)
      vfs.truncate(file, 8 * MIB)
      const kept = pattern(8 * MIB).subarray(0, 3 * MIB + 5)
      equal(readRange(vfs, file, 0, 3 * MIB + 5), kept, 'what was kept')
      isZeros(readRange(vfs, file, 3 * MIB + 5, 5 * MIB), 'what was cut')
      vfs.unlink(ROOT_INO, 'large')
      equal(vfs.readdir(ROOT_INO), [], 'names')
    },
  },
  {
    name: 'sizes and offsets beyond 4 GiB keep all their bits, or are refused with ENOSPC',
    run({ vfs }) {
      const file = writeFile(vfs, 'sparse', pattern(100))
      const size = 2 ** 32 + 12_345
      if (size > vfs.capabilities.maxFileSize) {
        refuses(vfs, 'EFBIG', 'truncate', () => vfs.truncate(file, size))
        return
      }
      if (!ifSpaceAllows(vfs, file, () => vfs.truncate(file, size))) return
      equal(vfs.getattr(file).size, size, 'the size')
      isZeros(readRange(vfs, file, 12_345, 1000), 'bytes at the offset less 4 GiB')
      equal(vfs.read(file, new Uint8Array(100), size - 10), 10, 'bytes read at the end')
      if (ifSpaceAllows(vfs, file, () => vfs.write(file, pattern(10, 2), size - 10))) {
        equal(readRange(vfs, file, size - 10, 20), pattern(10, 2), 'bytes written at the end')
        isZeros(readRange(vfs, file, 12_335, 10), 'bytes at their offset less 4 GiB')
      }
      equal(readRange(vfs, file, 0, 100), pattern(100), 'bytes at the start')
      vfs.truncate(file, 100)
      equal(readRange(vfs, file, 0, 200), pattern(100), 'bytes after the cut')
    },
  },
  {
    name: 'growing past the largest file is EFBIG',
    run({ vfs }) {
      const { maxFileSize } = vfs.capabilities
      const file = writeFile(vfs, 'file', pattern(100))
      refuses(vfs, 'EFBIG', 'write', () => vfs.write(file, pattern(1), maxFileSize))
      refuses(vfs, 'EFBIG', 'write', () => vfs.write(file, pattern(2), maxFileSize - 1))
      refuses(vfs, 'EFBIG', 'write', () => vfs.write(file, pattern(10), Number.MAX_SAFE_INTEGER))
      for (const size of [maxFileSize + 1, 2 ** 53, 2 ** 60]) {
        refuses(vfs, 'EFBIG', 'truncate', () => vfs.truncate(file, size))
        refuses(vfs, 'EFBIG', 'setattr', () => vfs.setattr(file, { size, mode: 0o600 }))
      }
    },
  },
  {
    name: 'the last bytes of the largest file are written, or refused with ENOSPC',
    run({ vfs }) {
      const { maxFileSize } = vfs.capabilities
      const file = writeFile(vfs, 'file', pattern(100))
      if (ifSpaceAllows(vfs, file, () => vfs.write(file, pattern(10, 2), maxFileSize - 10))) {
        equal(vfs.getattr(file).size, maxFileSize, 'the size')
        equal(readRange(vfs, file, maxFileSize - 10, 20), pattern(10, 2), 'the last bytes')
        refuses(vfs, 'EFBIG', 'write', () => vfs.write(file, pattern(1), maxFileSize))
        vfs.truncate(file, 100)
      }
      vfs.write(file, pattern(100, 3), 100)
      equal(readRange(vfs, file, 100, 200), pattern(100, 3), 'what is written afterwards')
    },
  },
])
