// close(): everything is kept, everything is let go, and nothing works afterwards.

import { ROOT_INO, VfsError, type Vfs } from '../../contract/index.ts'
import { check, equal, throwsError } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'
import { treeOf } from '../tree.ts'

/** Every synchronous operation of the contract that can fail, on arguments that worked before. */
const OPERATIONS: Readonly<Record<string, (vfs: Vfs, file: number) => unknown>> = {
  lookup: (vfs) => vfs.lookup(ROOT_INO, 'file'),
  getattr: (vfs) => vfs.getattr(ROOT_INO),
  setattr: (vfs, file) => vfs.setattr(file, { mode: 0o600 }),
  mkdir: (vfs) => vfs.mkdir(ROOT_INO, 'directory', 0o755),
  create: (vfs) => vfs.create(ROOT_INO, 'new', 0o644),
  symlink: (vfs) => vfs.symlink(ROOT_INO, 'new', 'target'),
  readlink: (vfs, file) => vfs.readlink(file),
  link: (vfs, file) => vfs.link(file, ROOT_INO, 'new'),
  unlink: (vfs) => vfs.unlink(ROOT_INO, 'file'),
  rmdir: (vfs) => vfs.rmdir(ROOT_INO, 'file'),
  rename: (vfs) => vfs.rename(ROOT_INO, 'file', ROOT_INO, 'new'),
  readdir: (vfs) => vfs.readdir(ROOT_INO),
  statfs: (vfs) => vfs.statfs(),
  read: (vfs, file) => vfs.read(file, new Uint8Array(10), 0),
  write: (vfs, file) => vfs.write(file, new Uint8Array(10), 0),
  truncate: (vfs, file) => vfs.truncate(file, 0),
  fsync: (vfs, file) => vfs.fsync(file),
  acquire: (vfs, file) => vfs.acquire(file),
  release: (vfs, file) => vfs.release(file),
}

export const close: Requirement = requirement('close', [
  {
    name: 'every later operation is ESTALE',
    async run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      vfs.acquire(file)
      // Asked before, so that an answer that was only kept shows.
      treeOf(vfs)
      vfs.lookup(ROOT_INO, 'file')
      vfs.statfs()
      await vfs.close()
      for (const [operation, act] of Object.entries(OPERATIONS)) {
        throwsError('ESTALE', operation, () => act(vfs, file))
      }
    },
  },
  {
    name: 'closing again resolves, one after another and at once',
    async run({ vfs }) {
      writeFile(vfs, 'file', pattern(100))
      equal(await Promise.all([vfs.close(), vfs.close()]), [undefined, undefined], 'results')
      equal(await vfs.close(), undefined, 'the result of a third call')
    },
  },
  {
    name: 'what describes the file system can be read after a close',
    async run({ vfs, storeName }) {
      const { backend, durability } = vfs
      await vfs.close()
      equal([vfs.backend, vfs.name, vfs.durability], [backend, storeName, durability], 'fields')
      vfs.stats()
      vfs.relaxDurability()
    },
  },
  {
    name: 'waits for a sync under way',
    async run({ vfs }) {
      writeFile(vfs, 'file', pattern(100_000))
      const order: string[] = []
      const syncing = vfs.sync().then(() => order.push('sync'))
      const closing = vfs.close().then(() => order.push('close'))
      await Promise.all([syncing, closing])
      equal(order, ['sync', 'close'], 'the order of completion')
    },
  },
  {
    name: 'keeps what was never synced',
    needs: { persistent: true },
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(100_000))
      const vfs = await context.reopen()
      equal(readFile(vfs, file), pattern(100_000), 'content')
    },
  },
  {
    name: 'an operation made while a close is under way is either kept or refused with ESTALE',
    needs: { persistent: true },
    async run(context) {
      const { vfs, storeName, target } = context
      writeFile(vfs, 'before', pattern(10_000))
      const made: string[] = ['before']
      const closing = vfs.close()
      const progress = { closed: false }
      const finished = closing.finally(() => (progress.closed = true))
      for (let index = 0; !progress.closed && index < 200; index++) {
        const name = `during${index}`
        try {
          vfs.fsync(writeFile(vfs, name, pattern(100, index)))
          made.push(name)
        } catch (error) {
          check(error instanceof VfsError && error.code === 'ESTALE', `ESTALE: ${String(error)}`)
        }
        await Promise.resolve()
      }
      await finished
      const again = await target.open(storeName)
      try {
        equal(namesIn(again), made, 'names')
      } finally {
        await again.close()
      }
    },
  },
])
