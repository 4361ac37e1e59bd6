// stats(): counters of physical work, and the bound on open handles that Safari sets.

import { ROOT_INO, type VfsCounters } from '../../contract/index.ts'
import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readRange, writeFile } from '../content.ts'

const NAMES = new Set<string>([
  'handles',
  'reads',
  'writes',
  'truncates',
  'flushes',
  'bytesRead',
  'bytesWritten',
  'commits',
  'checkpoints',
  'transactions',
  'roundTrips',
  'bytesCopied',
] satisfies (keyof VfsCounters)[])

/** Sync access handles that Safari allows an origin. */
const SAFARI_HANDLES_MAX = 252

export const counters: Requirement = requirement('counters', [
  {
    name: 'are whole numbers from zero, under the names of the contract',
    async run({ vfs }) {
      writeFile(vfs, 'file', pattern(5000))
      await vfs.sync()
      for (const [name, value] of Object.entries(vfs.stats())) {
        check(NAMES.has(name), `'${name}' is a counter of the contract`)
        check(Number.isSafeInteger(value) && value >= 0, `${name} counts, it is not ${value}`)
      }
    },
  },
  {
    name: 'never go back, except the handles open now',
    async run({ vfs }) {
      let before = { ...vfs.stats() }
      for (let round = 0; round < 5; round++) {
        const file = writeFile(vfs, `file${round}`, pattern(10_000, round))
        vfs.fsync(file)
        readRange(vfs, file, 0, 10_000)
        vfs.truncate(file, 100)
        await vfs.sync()
        const after = { ...vfs.stats() }
        for (const [name, value] of Object.entries(before)) {
          if (name === 'handles') continue
          const now = after[name as keyof VfsCounters] ?? -1
          check(now >= value, `${name} went from ${value} to ${now}`)
        }
        before = after
      }
    },
  },
  {
    name: 'a reading stays as it was read',
    async run({ vfs }) {
      const reading = vfs.stats()
      const copy = { ...reading }
      writeFile(vfs, 'file', pattern(100_000))
      await vfs.sync()
      equal({ ...reading }, copy, 'the earlier reading')
    },
  },
  {
    name: 'bytes written reach storage and are counted there',
    needs: { persistent: true },
    async run({ vfs }) {
      const before = vfs.stats().bytesWritten
      if (before === undefined) return
      writeFile(vfs, 'file', pattern(100_000))
      await vfs.sync()
      const written = (vfs.stats().bytesWritten ?? 0) - before
      check(written >= 100_000, `at least 100000 bytes written, not ${written}`)
    },
  },
  {
    name: 'a thousand files need no thousand handles',
    deadlineMs: 180_000,
    needs: { persistent: true },
    async run({ vfs }) {
      for (let index = 0; index < 1000; index++) {
        const ino = writeFile(vfs, `file${index}`, pattern(100 + index, index))
        if (index % 100 === 0) {
          await vfs.sync()
          vfs.fsync(ino)
        }
      }
      await vfs.sync()
      for (let index = 0; index < 1000; index += 7) {
        const ino = vfs.lookup(ROOT_INO, `file${index}`)
        equal(readRange(vfs, ino, 0, 2000), pattern(100 + index, index), `file${index}`)
      }
      const { handles = 0 } = vfs.stats()
      check(handles <= SAFARI_HANDLES_MAX, `at most ${SAFARI_HANDLES_MAX} handles, not ${handles}`)
    },
  },
])
