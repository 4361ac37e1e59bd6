// One owner per store: two programs that wrote the same storage would destroy it.

import { ROOT_INO } from '../../contract/index.ts'
import { anyOperation, equal, rejects } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

const needs = { persistent: true }

export const ownership: Requirement = requirement('ownership', [
  {
    name: 'opening a store that is open is EBUSY, and disturbs nothing',
    needs,
    async run({ vfs, openAgain }) {
      const file = writeFile(vfs, 'file', pattern(1000))
      await rejects('EBUSY', anyOperation, openAgain)
      await rejects('EBUSY', anyOperation, openAgain)
      vfs.write(file, pattern(1000, 2), 1000)
      await vfs.sync()
      equal(readFile(vfs, file).subarray(1000), pattern(1000, 2), 'content')
    },
  },
  {
    name: 'a store can be opened as soon as its owner has closed it, after refused openings too',
    needs,
    async run(context) {
      writeFile(context.vfs, 'file', pattern(1000))
      for (let round = 0; round < 3; round++) {
        await rejects('EBUSY', anyOperation, context.openAgain)
        const vfs = await context.reopen()
        equal(readFile(vfs, vfs.lookup(ROOT_INO, 'file')), pattern(1000), 'content')
      }
    },
  },
  {
    name: 'of two openings at once one wins, and the other is EBUSY',
    needs,
    async run({ vfs, openAgain }) {
      await vfs.close()
      const results = await Promise.allSettled([openAgain(), openAgain()])
      const won = results.filter((result) => result.status === 'fulfilled')
      equal(won.length, 1, 'openings that succeeded')
      const lost = results.find((result) => result.status === 'rejected')
      await rejects('EBUSY', anyOperation, () => Promise.reject(lost?.reason))
      equal(won[0]?.value.readdir(ROOT_INO), [], 'entries seen by the winner')
    },
  },
  {
    name: 'stores of different names are open at the same time',
    async run({ vfs, openAnother }) {
      const other = await openAnother()
      writeFile(vfs, 'mine')
      writeFile(other, 'other')
      equal([namesIn(vfs), namesIn(other)], [['mine'], ['other']], 'names')
    },
  },
])
