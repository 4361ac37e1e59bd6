// A remount: after close and open everything is there, to the last attribute.

import { ROOT_INO, type Ino, type Vfs } from '../../contract/index.ts'
import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { namesIn, pattern, readFile, writeFile } from '../content.ts'
import { treeOf } from '../tree.ts'

const needs = { persistent: true }

/** A tree with something of everything. */
function plant(vfs: Vfs): void {
  const outer = vfs.mkdir(ROOT_INO, 'outer', 0o750)
  const inner = vfs.mkdir(outer, 'inner \u{1f600}', 0o1777)
  vfs.mkdir(inner, 'empty', 0o700)
  writeFile(vfs, 'empty file', undefined, outer)
  const script = writeFile(vfs, 'script', pattern(777), inner)
  vfs.setattr(script, { mode: 0o6755, atime: 1111, mtime: 2222, ctime: 3333 })
  vfs.symlink(inner, 'link', '../../outer/na\u00efve')
  const sparse = writeFile(vfs, 'sparse', pattern(10), outer)
  vfs.write(sparse, pattern(10, 2), 70_000)
  vfs.truncate(sparse, 99_999)
  writeFile(vfs, 'big', pattern(700_000, 3))
  if (vfs.capabilities.hardLinks) vfs.link(script, ROOT_INO, 'script too')
}

/** Where files are ordinary ones, Firefox takes 9 ms to make one and 4 to remove it, alone on its machine. */
const MANY_FILES_MS = 180_000

export const persistence: Requirement = requirement('persistence', [
  {
    name: 'an empty store is empty after a remount, with the same root',
    needs,
    async run(context) {
      const before = treeOf(context.vfs)
      equal(treeOf(await context.reopen()), before, 'the tree')
    },
  },
  {
    name: 'names, links, modes, times and contents are there after a remount',
    needs,
    async run(context) {
      plant(context.vfs)
      const before = treeOf(context.vfs)
      equal(treeOf(await context.reopen()), before, 'the tree')
    },
  },
  {
    name: 'access times are there after a remount',
    needs,
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(10))
      const link = context.vfs.symlink(ROOT_INO, 'link', 'file')
      const before = [file, link].map((ino) => context.vfs.getattr(ino))
      const vfs = await context.reopen()
      equal(
        [file, link].map((ino) => vfs.getattr(ino)),
        before,
        'attributes',
      )
    },
  },
  {
    name: 'a change of nothing but an attribute or a size is there after a remount',
    needs,
    async run(context) {
      const file = writeFile(context.vfs, 'file', pattern(5000))
      const changes: ((vfs: Vfs) => void)[] = [
        (vfs) => vfs.setattr(file, { mode: 0o600 }),
        (vfs) => vfs.setattr(file, { mtime: 1000 }),
        (vfs) => vfs.setattr(file, { atime: 2000, ctime: 3000 }),
        (vfs) => vfs.setattr(ROOT_INO, { mode: 0o711 }),
        (vfs) => vfs.truncate(file, 4000),
        (vfs) => vfs.truncate(file, 6000),
        (vfs) => vfs.setattr(file, { size: 10 }),
        (vfs) => vfs.write(file, pattern(10, 2), 100),
      ]
      for (const [index, change] of changes.entries()) {
        change(context.vfs)
        // Attributes alone: a picture of the tree would read, and so change access times as well.
        const before = [file, ROOT_INO].map((ino) => context.vfs.getattr(ino))
        const vfs = await context.reopen()
        const after = [file, ROOT_INO].map((ino) => vfs.getattr(ino))
        equal(after, before, `attributes after change ${index}`)
      }
    },
  },
  {
    name: 'a tree survives many remounts, with and without changes and syncs',
    needs,
    async run(context) {
      plant(context.vfs)
      for (let round = 0; round < 6; round++) {
        const { vfs } = context
        if (round % 2 === 1) {
          vfs.write(vfs.lookup(ROOT_INO, 'big'), pattern(5000, round), round * 100_000)
          vfs.rename(ROOT_INO, 'outer', vfs.mkdir(ROOT_INO, `round${round}`, 0o755), 'outer')
          vfs.rename(vfs.lookup(ROOT_INO, `round${round}`), 'outer', ROOT_INO, 'outer')
        }
        if (round % 3 === 1) await vfs.sync()
        const before = treeOf(vfs)
        equal(treeOf(await context.reopen()), before, `the tree after round ${round}`)
      }
    },
  },
  {
    name: 'a store that has recorded megabytes of changes of names is whole, however it tidies its records',
    needs,
    deadlineMs: MANY_FILES_MS,
    async run(context) {
      plant(context.vfs)
      const nameOf = (round: number, index: number): string => {
        return `${index} in round ${round} `.padEnd(240, 'x')
      }
      for (let index = 0; index < 300; index++) {
        writeFile(context.vfs, nameOf(0, index), pattern(100 + index, index))
      }
      for (let round = 1; round <= 8; round++) {
        for (let index = 0; index < 300; index++) {
          context.vfs.rename(ROOT_INO, nameOf(round - 1, index), ROOT_INO, nameOf(round, index))
        }
        await context.vfs.sync()
        if (round % 3 !== 0) continue
        const before = treeOf(context.vfs)
        equal(treeOf(await context.reopen()), before, `the tree after round ${round}`)
      }
      const before = treeOf(context.vfs)
      equal(treeOf(await context.reopen()), before, 'the tree')
    },
  },
  {
    name: 'a thousand small files are there after a remount, and removing them too',
    needs,
    deadlineMs: MANY_FILES_MS,
    async run(context) {
      const directory = context.vfs.mkdir(ROOT_INO, 'directory', 0o755)
      for (let index = 0; index < 1000; index++) {
        writeFile(context.vfs, `file${index}`, pattern((index * 37) % 9000, index), directory)
      }
      const vfs = await context.reopen()
      equal(vfs.readdir(directory).length, 1000, 'entries')
      for (const [index, { name, ino }] of vfs.readdir(directory).entries()) {
        equal(readFile(vfs, ino), pattern((index * 37) % 9000, index), name)
        if (index % 3 !== 0) vfs.unlink(directory, name)
      }
      const again = await context.reopen()
      equal(again.readdir(directory).length, 334, 'entries left')
      for (const [index, { name, ino }] of again.readdir(directory).entries()) {
        equal(readFile(again, ino), pattern((index * 3 * 37) % 9000, index * 3), name)
      }
    },
  },
  {
    name: 'files that outgrow their place again and again are whole after a remount',
    needs,
    async run(context) {
      const sizes = [1, 100, 5000, 9000, 40_000, 70_000, 300_000, 1_200_000]
      for (let index = 0; index < 5; index++) writeFile(context.vfs, `file${index}`)
      let before = 0
      for (const size of sizes) {
        for (let index = 0; index < 5; index++) {
          const ino = context.vfs.lookup(ROOT_INO, `file${index}`)
          context.vfs.write(ino, pattern(size, index).subarray(before), before)
        }
        if (size === 9000) await context.vfs.sync()
        if (size === 70_000) await context.reopen()
        before = size
      }
      const vfs = await context.reopen()
      for (let index = 0; index < 5; index++) {
        const content = readFile(vfs, vfs.lookup(ROOT_INO, `file${index}`))
        equal(content, pattern(before, index), `file${index}`)
      }
    },
  },
  {
    name: 'space that files gave back is used again without mixing contents',
    needs,
    async run(context) {
      const alive = new Map<string, number>()
      for (let round = 0; round < 4; round++) {
        const { vfs } = context
        for (let index = 0; index < 60; index++) {
          const name = `round${round}file${index}`
          const seed = round * 100 + index
          writeFile(vfs, name, pattern(500 + ((index * 613) % 30_000), seed))
          alive.set(name, seed)
        }
        for (const name of [...alive.keys()].filter((_, index) => index % 2 === round % 2)) {
          vfs.unlink(ROOT_INO, name)
          alive.delete(name)
        }
        if (round % 2 === 0) await vfs.sync()
        else await context.reopen()
        equal(namesIn(context.vfs), [...alive.keys()], 'names')
        for (const [name, seed] of alive) {
          const content = readFile(context.vfs, context.vfs.lookup(ROOT_INO, name))
          equal(content, pattern(500 + (((seed % 100) * 613) % 30_000), seed), name)
        }
      }
    },
  },
  {
    name: 'an emptied store is empty after a remount',
    needs,
    async run(context) {
      const { vfs } = context
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      writeFile(vfs, 'file', pattern(50_000), directory)
      await vfs.sync()
      vfs.unlink(directory, 'file')
      vfs.rmdir(ROOT_INO, 'directory')
      const again = await context.reopen()
      equal(again.readdir(ROOT_INO), [], 'entries')
      equal(again.getattr(ROOT_INO).nlink, 2, 'links of the root')
      equal(again.statfs().files, 1, 'inodes')
    },
  },
  {
    name: 'inode numbers stay, and none is given out twice in the life of a store',
    needs,
    async run(context) {
      const seen = new Set<Ino>([ROOT_INO])
      const make = (name: string): Ino => {
        const ino = context.vfs.create(ROOT_INO, name, 0o644)
        check(!seen.has(ino), `inode ${ino} of '${name}' is new`)
        seen.add(ino)
        return ino
      }
      const kept = make('kept')
      for (let round = 0; round < 4; round++) {
        make('temporary')
        if (round % 2 === 0) await context.vfs.sync()
        context.vfs.unlink(ROOT_INO, 'temporary')
        if (round > 1) await context.vfs.sync()
        await context.reopen()
        equal(context.vfs.lookup(ROOT_INO, 'kept'), kept, 'the number of the kept file')
      }
    },
  },
  {
    name: 'stores of different names share nothing',
    needs,
    async run(context) {
      const other = await context.openAnother()
      writeFile(context.vfs, 'mine', pattern(1000, 1))
      writeFile(other, 'other', pattern(2000, 2))
      const vfs = await context.reopen()
      equal([namesIn(vfs), namesIn(other)], [['mine'], ['other']], 'names')
      equal(readFile(vfs, vfs.lookup(ROOT_INO, 'mine')), pattern(1000, 1), 'content')
      equal(readFile(other, other.lookup(ROOT_INO, 'other')), pattern(2000, 2), 'other content')
    },
  },
  {
    name: 'a destroyed store is empty when it is opened again',
    needs,
    async run({ vfs, target, storeName, openAgain }) {
      writeFile(vfs, 'file', pattern(1000))
      await vfs.close()
      await target.destroy(storeName)
      equal((await openAgain()).readdir(ROOT_INO), [], 'entries')
    },
  },
])
