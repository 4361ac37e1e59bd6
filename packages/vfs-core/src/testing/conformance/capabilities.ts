// What a backend declares is what it is.

import { FILE_SIZE_MAX } from '../../contract/index.ts'
import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readRange, writeFile } from '../content.ts'

const BOOLEANS = ['persistent', 'synchronousFsync', 'hardLinks', 'sharedMemoryWithoutCopy'] as const

export const capabilities: Requirement = requirement('capabilities', [
  {
    name: 'the file system declares what the target of this run declares',
    run({ vfs, target }) {
      equal({ ...vfs.capabilities }, { ...target.capabilities }, 'capabilities')
    },
  },
  {
    name: 'each capability is stated, and the largest file is one a number can count',
    run({ vfs }) {
      for (const key of BOOLEANS) equal(typeof vfs.capabilities[key], 'boolean', key)
      const { maxFileSize } = vfs.capabilities
      check(Number.isSafeInteger(maxFileSize) && maxFileSize > 0, `a size, not ${maxFileSize}`)
      check(maxFileSize <= FILE_SIZE_MAX, `at most ${FILE_SIZE_MAX}, not ${maxFileSize}`)
    },
  },
  {
    name: 'the file system says which backend it is and under which name it was opened',
    run({ vfs, storeName }) {
      check(vfs.backend !== '', 'a backend')
      equal(vfs.name, storeName, 'name')
    },
  },
  {
    name: 'a persistent backend is strict or relaxed, and strict can be relaxed',
    needs: { persistent: true },
    async run({ vfs }) {
      check(vfs.durability !== 'none', 'a durability')
      vfs.relaxDurability()
      equal(vfs.durability, 'relaxed', 'durability')
      vfs.relaxDurability()
      equal(vfs.durability, 'relaxed', 'durability, relaxed again')
      const file = writeFile(vfs, 'file', pattern(5000))
      vfs.fsync(file)
      await vfs.sync()
      equal(readRange(vfs, file, 0, 5000), pattern(5000), 'content')
    },
  },
  {
    name: 'relaxed work survives a remount',
    needs: { persistent: true },
    async run(context) {
      context.vfs.relaxDurability()
      const file = writeFile(context.vfs, 'file', pattern(50_000))
      context.vfs.fsync(file)
      context.vfs.write(file, pattern(100, 2), 10)
      const vfs = await context.reopen()
      equal(readRange(vfs, file, 10, 100), pattern(100, 2), 'content')
    },
  },
  {
    name: 'a backend that keeps nothing has no durability, which relaxing leaves so',
    needs: { persistent: false },
    run({ vfs }) {
      equal(vfs.durability, 'none', 'durability')
      vfs.relaxDurability()
      equal(vfs.durability, 'none', 'durability, relaxed')
    },
  },
])
