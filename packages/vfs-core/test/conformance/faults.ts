// Faults that file systems really have, each as a thin layer over a sound one, and the requirement
// that must catch it. They prove that the suite can fail: every requirement has at least one.

import { isDirectory, isRegular, ROOT_INO, VfsError, type Ino, type Vfs } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'

/** Operations that replace those of the sound file system. */
type Layer = Partial<Vfs>

export interface Fault {
  readonly requirement: string
  readonly name: string
  readonly layer: (vfs: Vfs) => Layer
  /** Where the fault lies in opening rather than in an operation. */
  readonly open?: (sound: ConformanceTarget) => ConformanceTarget['open']
}

const NONE = (): Layer => ({})

export const faults: readonly Fault[] = [
  {
    requirement: 'capabilities',
    name: 'declares what it is not',
    layer: ({ capabilities }) => ({ capabilities: { ...capabilities, hardLinks: false } }),
  },
  {
    requirement: 'counters',
    name: 'counts in fractions',
    layer: () => ({ stats: () => ({ reads: 0.5 }) }),
  },
  {
    requirement: 'statfs',
    name: 'counts names instead of inodes',
    layer: (vfs) => ({ statfs: () => ({ ...vfs.statfs(), files: vfs.readdir(ROOT_INO).length }) }),
  },
  {
    requirement: 'errors',
    name: 'throws errors of its own making',
    layer: (vfs) => ({
      lookup(parent, name) {
        try {
          return vfs.lookup(parent, name)
        } catch (error) {
          throw new Error(String(error), { cause: error })
        }
      },
    }),
  },
  {
    requirement: 'errors',
    name: 'names another operation in its errors',
    layer: (vfs) => ({
      getattr(ino) {
        try {
          return vfs.getattr(ino)
        } catch {
          throw new VfsError('ESTALE', 'lookup')
        }
      },
    }),
  },
  {
    requirement: 'lookup',
    name: 'takes names for equal that differ in case',
    layer: (vfs) => ({
      create: (parent, name, mode) => vfs.create(parent, name.toLowerCase(), mode),
      lookup: (parent, name) => vfs.lookup(parent, name.toLowerCase()),
    }),
  },
  {
    requirement: 'names and limits',
    name: 'measures names in UTF-16 units and cuts those that are too long',
    layer: (vfs) => ({
      create(parent, name, mode) {
        const fits = name.length > 255 ? name : name.slice(0, 60)
        return vfs.create(parent, fits, mode)
      },
    }),
  },
  {
    requirement: 'path walk',
    name: 'has no dot-dot',
    layer: (vfs) => ({
      find: (parent, name) => (name === '..' ? undefined : vfs.find(parent, name)),
    }),
  },
  {
    requirement: 'create',
    name: 'opens a file that exists instead of refusing',
    layer: (vfs) => ({
      create: (parent, name, mode) =>
        tryLookup(vfs, parent, name) ?? vfs.create(parent, name, mode),
    }),
  },
  {
    requirement: 'directories',
    name: 'counts no links of subdirectories',
    layer: (vfs) => ({
      getattr(ino) {
        const found = vfs.getattr(ino)
        return isDirectory(found.mode) ? { ...found, nlink: Math.min(found.nlink, 2) } : found
      },
    }),
  },
  {
    requirement: 'directories',
    name: 'moves the times of a directory though mkdir failed',
    layer: (vfs) => ({
      mkdir(parent, name, mode) {
        if (tryLookup(vfs, parent, name) !== undefined) vfs.setattr(parent, { mtime: 0 })
        return vfs.mkdir(parent, name, mode)
      },
    }),
  },
  {
    requirement: 'readdir',
    name: 'sorts',
    layer: (vfs) => ({
      readdir: (ino) => vfs.readdir(ino).sort((a, b) => (a.name < b.name ? -1 : 1)),
    }),
  },
  {
    requirement: 'symlinks',
    name: 'tidies targets',
    layer: (vfs) => ({
      symlink: (parent, name, target) =>
        vfs.symlink(parent, name, target.replace(/\/+$/, '') || '/'),
    }),
  },
  {
    requirement: 'hard links',
    name: 'copies the file',
    layer: (vfs) => ({
      link(ino, parent, name) {
        const copy = vfs.create(parent, name, vfs.getattr(ino).mode)
        vfs.write(copy, contentOf(vfs, ino), 0)
      },
    }),
  },
  {
    requirement: 'rename of files',
    name: 'removes the old file before it knows that the new one exists',
    layer: (vfs) => ({
      rename(parent, name, newParent, newName) {
        const replaced = tryLookup(vfs, newParent, newName)
        if (replaced !== undefined && isRegular(vfs.getattr(replaced).mode)) {
          vfs.unlink(newParent, newName)
        }
        vfs.rename(parent, name, newParent, newName)
      },
    }),
  },
  {
    requirement: 'rename of directories',
    name: 'replaces a directory that has entries',
    layer: (vfs) => ({
      rename(parent, name, newParent, newName) {
        const replaced = tryLookup(vfs, newParent, newName)
        if (replaced !== undefined && isDirectory(vfs.getattr(replaced).mode)) {
          for (const entry of vfs.readdir(replaced)) {
            if (!isDirectory(entry.type)) vfs.unlink(replaced, entry.name)
          }
        }
        vfs.rename(parent, name, newParent, newName)
      },
    }),
  },
  {
    requirement: 'unlink while open',
    name: 'forgets the content of a file with its last name',
    layer: (vfs) => ({
      unlink(parent, name) {
        const ino = vfs.lookup(parent, name)
        if (vfs.getattr(ino).nlink === 1 && isRegular(vfs.getattr(ino).mode)) vfs.truncate(ino, 0)
        vfs.unlink(parent, name)
      },
    }),
  },
  {
    requirement: 'attributes',
    name: 'changes the mode before it refuses the size',
    layer: (vfs) => ({
      setattr(ino, { mode, ...rest }) {
        if (mode !== undefined) vfs.setattr(ino, { mode })
        vfs.setattr(ino, rest)
      },
    }),
  },
  {
    requirement: 'times',
    name: 'leaves mtime alone in a write that does not grow the file',
    layer: (vfs) => ({
      write(ino, from, at) {
        const { size, mtime } = vfs.getattr(ino)
        const written = vfs.write(ino, from, at)
        if (at + from.length <= size) vfs.setattr(ino, { mtime })
        return written
      },
    }),
  },
  {
    requirement: 'read and write',
    name: 'cuts a file at the end of each write',
    layer: (vfs) => ({
      write(ino, from, at) {
        const written = vfs.write(ino, from, at)
        vfs.truncate(ino, at + written)
        return written
      },
    }),
  },
  {
    requirement: 'buffers',
    name: 'writes from the start of the buffer below the view',
    layer: (vfs) => ({
      write: (ino, from, at) => vfs.write(ino, new Uint8Array(from.buffer, 0, from.length), at),
    }),
  },
  {
    requirement: 'buffers',
    name: 'clears the buffer beyond what it read',
    layer: (vfs) => ({
      read(ino, into, at) {
        const length = vfs.read(ino, into, at)
        into.fill(0, length)
        return length
      },
    }),
  },
  {
    requirement: 'buffers',
    name: 'keeps the buffer of a write until something else happens',
    layer(vfs) {
      let posted: (() => void) | undefined
      const carryOut = (): void => {
        posted?.()
        posted = undefined
      }
      return {
        write(ino, from, at) {
          carryOut()
          posted = () => vfs.write(ino, from, at)
          // The size is right at once; only the bytes come late.
          if (at + from.length > vfs.getattr(ino).size) vfs.truncate(ino, at + from.length)
          return from.length
        },
        read(ino, into, at) {
          carryOut()
          return vfs.read(ino, into, at)
        },
        sync: async (options) => {
          carryOut()
          await vfs.sync(options)
        },
      }
    },
  },
  {
    requirement: 'shared buffers',
    name: 'refuses shared memory',
    layer: (vfs) => ({
      write(ino, from, at) {
        if (from.buffer instanceof SharedArrayBuffer) throw new VfsError('EINVAL', 'write')
        return vfs.write(ino, from, at)
      },
    }),
  },
  {
    requirement: 'holes',
    name: 'shows what lay in the place that a hole was given',
    layer: (vfs) => ({
      write(ino, from, at) {
        const { size } = vfs.getattr(ino)
        if (at > size) vfs.write(ino, new Uint8Array(at - size).fill(0xaa), size)
        return vfs.write(ino, from, at)
      },
    }),
  },
  {
    requirement: 'truncate',
    name: 'brings back what was cut off',
    layer(vfs) {
      const cut = new Map<Ino, Uint8Array>()
      return {
        truncate(ino, size) {
          const isFile = isRegular(vfs.getattr(ino).mode)
          const before = isFile ? contentOf(vfs, ino) : new Uint8Array()
          vfs.truncate(ino, size)
          const old = cut.get(ino)?.subarray(before.length, size)
          if (size < before.length) cut.set(ino, before)
          else if (old !== undefined && old.length > 0) vfs.write(ino, old, before.length)
        },
      }
    },
  },
  {
    requirement: 'large files',
    name: 'keeps 32 bits of an offset',
    layer: (vfs) => ({
      write: (ino, from, at) => vfs.write(ino, from, at > 2 ** 32 ? at % 2 ** 32 : at),
      read: (ino, into, at) => vfs.read(ino, into, at > 2 ** 32 ? at % 2 ** 32 : at),
    }),
  },
  {
    requirement: 'fsync',
    name: 'works though nothing is pending',
    layer(vfs) {
      let flushes = 0
      return {
        fsync(ino, options) {
          flushes++
          vfs.fsync(ino, options)
        },
        stats: () => ({ ...vfs.stats(), flushes }),
      }
    },
  },
  {
    requirement: 'sync',
    name: 'commits though nothing has changed',
    layer(vfs) {
      let commits = 0
      return {
        sync: async (options) => {
          commits++
          await vfs.sync(options)
        },
        stats: () => ({ ...vfs.stats(), commits }),
      }
    },
  },
  {
    requirement: 'close',
    name: 'answers from what it remembers after a close',
    layer: (vfs) => ({
      lookup: rememberingLast(vfs.lookup.bind(vfs)),
      getattr: rememberingLast(vfs.getattr.bind(vfs)),
      statfs: rememberingLast(vfs.statfs.bind(vfs)),
    }),
  },
  {
    requirement: 'persistence',
    name: 'loses what a mode has beyond the permissions of owner, group and others',
    layer: NONE,
    open: (sound) => async (storeName) => {
      const vfs = await sound.open(storeName)
      for (const ino of inodesBelow(vfs, ROOT_INO)) {
        const { mode, ctime } = vfs.getattr(ino)
        vfs.setattr(ino, { mode: mode & 0o777, ctime })
      }
      return vfs
    },
  },
  {
    requirement: 'ownership',
    name: 'lets two programs have one store',
    layer: NONE,
    open(sound) {
      const opened = new Map<string, Promise<Vfs>>()
      return (storeName) => {
        const first = opened.get(storeName) ?? sound.open(storeName)
        opened.set(storeName, first)
        return first
      }
    },
  },
]

/** The sound target with the fault in it. */
export function faultyTarget(sound: ConformanceTarget, { layer, open }: Fault): ConformanceTarget {
  const openStore = open?.(sound) ?? ((storeName: string) => sound.open(storeName))
  return {
    ...sound,
    open: async (storeName) => {
      const vfs = await openStore(storeName)
      return layered(vfs, layer(vfs))
    },
  }
}

/** `vfs` with some operations replaced. */
export function layered(vfs: Vfs, layer: Layer): Vfs {
  return new Proxy(vfs, {
    get(target, key) {
      const own = (layer as Record<PropertyKey, unknown>)[key]
      if (own !== undefined) return own
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function tryLookup(vfs: Vfs, parent: Ino, name: string): Ino | undefined {
  try {
    return vfs.lookup(parent, name)
  } catch {
    return undefined
  }
}

function contentOf(vfs: Vfs, ino: Ino): Uint8Array {
  const content = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, content, 0)
  return content
}

function inodesBelow(vfs: Vfs, ino: Ino): Ino[] {
  return vfs.readdir(ino).flatMap((entry) => {
    return isDirectory(entry.type) ? [entry.ino, ...inodesBelow(vfs, entry.ino)] : [entry.ino]
  })
}

/** Answers with the last result once the real one fails for good. */
function rememberingLast<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R {
  let last: { readonly result: R } | undefined
  return (...args) => {
    try {
      last = { result: act(...args) }
      return last.result
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ESTALE' || last === undefined) throw error
      return last.result
    }
  }
}
