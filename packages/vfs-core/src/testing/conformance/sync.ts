// sync(): asynchronous, serialized, and no obstacle to a program that goes on meanwhile.

import { ROOT_INO } from '../../contract/index.ts'
import { equal, rejects } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'

export const sync: Requirement = requirement('sync', [
  {
    name: 'resolves to nothing, with and without something to do',
    async run({ vfs }) {
      equal(await vfs.sync(), undefined, 'the result of an empty store')
      writeFile(vfs, 'file', pattern(5000))
      equal(await vfs.sync(), undefined, 'the result after a write')
      equal(await vfs.sync(), undefined, 'the result with nothing new')
      equal(await vfs.sync({ housekeepingOnly: true }), undefined, 'the result of housekeeping')
    },
  },
  {
    name: 'changes nothing that a program sees',
    async run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      const before = vfs.getattr(file)
      await vfs.sync()
      equal(vfs.getattr(file), before, 'attributes')
      equal(readFile(vfs, file), pattern(5000), 'content')
      equal(namesIn(vfs), ['file'], 'names')
    },
  },
  {
    name: 'many calls at once all resolve',
    async run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      const calls = [vfs.sync(), vfs.sync({ housekeepingOnly: true }), vfs.sync(), vfs.sync()]
      equal(await Promise.all(calls), [undefined, undefined, undefined, undefined], 'results')
      equal(readFile(vfs, file), pattern(5000), 'content')
    },
  },
  {
    name: 'changes made while a sync is under way are kept',
    async run(context) {
      const { vfs } = context
      const file = writeFile(vfs, 'file', pattern(20_000, 1))
      writeFile(vfs, 'removed', pattern(20_000, 2))
      const syncing = vfs.sync()
      vfs.write(file, pattern(100, 3), 50)
      vfs.unlink(ROOT_INO, 'removed')
      await Promise.resolve()
      vfs.write(file, pattern(100, 4), 30_000)
      vfs.rename(ROOT_INO, 'file', ROOT_INO, 'renamed')
      writeFile(vfs, 'new', pattern(300, 5))
      await syncing
      const expected = new Uint8Array(30_100)
      expected.set(pattern(20_000, 1))
      expected.set(pattern(100, 3), 50)
      expected.set(pattern(100, 4), 30_000)
      const check = (each: typeof vfs): void => {
        equal(namesIn(each), ['renamed', 'new'], 'names')
        equal(readFile(each, each.lookup(ROOT_INO, 'renamed')), expected, 'the file')
        equal(readFile(each, each.lookup(ROOT_INO, 'new')), pattern(300, 5), 'the new file')
      }
      check(vfs)
      if (context.target.capabilities.persistent) check(await context.reopen())
    },
  },
  {
    name: 'a hundred small changes, each synced, are all there after a remount',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file')
      const content = pattern(100 * 37)
      for (let index = 0; index < 100; index++) {
        context.vfs.write(file, content.subarray(index * 37, (index + 1) * 37), index * 37)
        await context.vfs.sync({ housekeepingOnly: index % 10 === 0 })
      }
      equal(readFile(await context.reopen(), file), content, 'content')
    },
  },
  {
    name: 'with nothing changed commits nothing',
    needs: { persistent: true },
    async run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(5000))
      await vfs.sync()
      await vfs.sync()
      const before = vfs.stats()
      const { commits, bytesWritten, transactions } = before
      vfs.read(file, new Uint8Array(100), 0)
      vfs.readdir(ROOT_INO)
      await vfs.sync()
      const after = vfs.stats()
      equal(after.commits, commits, 'commits')
      equal(after.bytesWritten, bytesWritten, 'bytes written')
      equal(after.transactions, transactions, 'transactions')
    },
  },
  {
    name: 'after close rejects with ESTALE',
    async run({ vfs }) {
      await vfs.close()
      await rejects('ESTALE', 'sync', () => vfs.sync())
      await rejects('ESTALE', 'sync', () => vfs.sync({ housekeepingOnly: true }))
    },
  },
])
