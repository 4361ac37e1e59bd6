// Behaviours: several mounts in one module, and taking them down.

import { expect } from 'vitest'
import { openMemory } from '../../../src/index.ts'
import { createFileSystemType, mount } from '../../../src/emscripten/index.ts'
import { VfsError } from '../../../src/contract/index.ts'
import { expectErrno, O, type Behaviour } from '../behaviour.ts'
import type { TestFS } from '../test-fs.ts'

/** Two directories deep, so that equal inode numbers meet as parents in FS's name cache. */
function populate(FS: TestFS, root: string, label: string): void {
  FS.mkdirTree(`${root}/a/b`)
  FS.writeFile(`${root}/a/f`, `${label} a/f`)
  FS.writeFile(`${root}/a/b/f`, `${label} a/b/f`)
  FS.writeFile(`${root}/a/b/${label}`, '')
}

function expectPopulated(FS: TestFS, root: string, label: string): void {
  expect(FS.readFile(`${root}/a/f`, { encoding: 'utf8' })).toBe(`${label} a/f`)
  expect(FS.readFile(`${root}/a/b/f`, { encoding: 'utf8' })).toBe(`${label} a/b/f`)
  expect(FS.readdir(`${root}/a/b`).toSorted()).toEqual(['.', '..', 'f', label].toSorted())
}

/** How many names of our mounts are in FS's cache. */
function cachedNodes(FS: TestFS): number {
  let count = 0
  for (let node of FS.nameTable) {
    for (; node !== undefined; node = node.name_next) if (node.ino !== undefined) count++
  }
  return count
}

export const mounts: Behaviour[] = [
  {
    name: 'two mounts and MEMFS never see each other, though their inode numbers are equal',
    async run({ FS, root, vfs, mountAnother }) {
      const other = await mountAnother()
      const memfs = `/memfs${root.replaceAll('/', '-')}`
      FS.mkdir(memfs)
      const roots = { [root]: 'first', [other]: 'second', [memfs]: 'memfs' }
      for (const [path, label] of Object.entries(roots)) populate(FS, path, label)
      for (const [path, label] of Object.entries(roots)) expectPopulated(FS, path, label)

      const ids = new Set<number>()
      const devices = new Set<number>()
      for (const path of Object.keys(roots)) {
        for (const each of [path, `${path}/a`, `${path}/a/b`]) ids.add(FS.lookupPath(each).node.id)
        devices.add(FS.stat(`${path}/a`).dev)
      }
      expect(ids.size).toBe(9)
      expect(devices.size).toBe(3)
      expect(FS.stat(`${root}/a`).ino % 2 ** 32).toBe(vfs.lookup(1, 'a'))
      expect(Number.isSafeInteger(FS.stat(`${other}/a/b`).ino)).toBe(true)

      FS.unlink(`${root}/a/f`)
      expect(FS.analyzePath(`${root}/a/f`).exists).toBe(false)
      expectPopulated(FS, other, 'second')
      expectPopulated(FS, memfs, 'memfs')
      expectErrno(FS, 'EXDEV', () => FS.rename(`${root}/a/b/f`, `${other}/f`))
    },
  },
  {
    name: 'one type mounted twice is two mounts',
    async run({ FS, root }) {
      const vfs = await openMemory()
      const type = createFileSystemType(FS, vfs)
      const [one, two] = [`${root}-one`, `${root}-two`]
      for (const path of [one, two]) {
        FS.mkdir(path)
        FS.mount(type, {}, path)
      }
      FS.mkdir(`${one}/d`)
      FS.writeFile(`${one}/d/f`, 'same store')
      expect(FS.readFile(`${two}/d/f`, { encoding: 'utf8' })).toBe('same store')
      expect(FS.stat(`${one}/d`).dev).not.toBe(FS.stat(`${two}/d`).dev)
      expect(FS.lookupPath(`${one}/d`).node.id).not.toBe(FS.lookupPath(`${two}/d`).node.id)
      FS.unmount(one)
      FS.unmount(two)
    },
  },
  {
    name: 'unmounting shows what was below and forgets the names; mounting again finds them',
    async run({ FS, root }) {
      const vfs = await openMemory()
      const path = `${root}-again`
      const before = cachedNodes(FS)
      FS.mkdir(path)
      FS.writeFile(`${path}/below`, 'memfs')
      mount(FS, vfs, path)
      FS.mkdir(`${path}/d`)
      FS.writeFile(`${path}/d/f`, 'kept')
      expect(FS.analyzePath(`${path}/below`).exists).toBe(false)
      expectErrno(FS, 'EBUSY', () => FS.rmdir(path))
      FS.unmount(path)
      expect(FS.readdir(path)).toEqual(['.', '..', 'below'])
      mount(FS, vfs, path)
      expect(FS.readFile(`${path}/d/f`, { encoding: 'utf8' })).toBe('kept')
      FS.unmount(path)
      expect(cachedNodes(FS)).toBe(before)
    },
  },
  {
    name: 'mount refuses a mountpoint that is taken, is no directory or is no path',
    async run({ FS, root, vfs }) {
      const refusal = (run: () => void): VfsError => {
        try {
          run()
        } catch (error) {
          expect(error).toBeInstanceOf(VfsError)
          return error as VfsError
        }
        throw new Error('expected a refusal')
      }
      const other = await openMemory()
      expect(refusal(() => mount(FS, other, root)).code).toBe('EBUSY')
      FS.writeFile(`${root}/f`, '')
      expect(refusal(() => mount(FS, other, `${root}/f`)).code).toBe('ENOTDIR')
      expect(() => mount(FS, other, 'relative')).toThrow(TypeError)
      await other.close()
      const closed = refusal(() => mount(FS, other, `${root}-closed`))
      expect(closed.code).toBe('ESTALE')
      expect(closed.message).toContain('closed')
      expect(FS.analyzePath(`${root}-closed`).exists).toBe(false)
      FS.close(FS.open(`${root}/f`, O.RDONLY))
      expect(vfs.getattr(1).nlink).toBe(2)
    },
  },
]
