// Carries out the operations of a workload on the engine. Called by crash.ts; bytes that it writes say where
// they belong.

import { VfsError, walk, walkToParent, type Ino, type Vfs } from '@wasm-vfs/core'
import type { Operation } from '@wasm-vfs/core/testing/crash'
import { setClock } from './clock.ts'

/** Bytes that say which write they come from and where they belong; none is zero. */
export function pattern(stamp: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) {
    const word = Math.imul(stamp + 1, 0x9e3779b1) ^ Math.imul((at + index) >>> 2, 0x85ebca6b)
    bytes[index] = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) >>> 24) | 1
  }
  return bytes
}

/** False if POSIX refuses it. `held`: inodes that are open. */
export function perform(vfs: Vfs, operation: Operation, stamp: number, held: Ino[]): boolean {
  return done(() => attempt(vfs, operation, stamp, held)) !== undefined
}

/** Undefined if POSIX refuses it. */
export function done<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof VfsError) return undefined
    throw error
  }
}

function attempt(vfs: Vfs, operation: Operation, stamp: number, held: Ino[]): boolean {
  switch (operation[0]) {
    case 'create': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.create(parent, name, 0o644)
      return true
    }
    case 'mkdir': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.mkdir(parent, name, 0o755)
      return true
    }
    case 'symlink': {
      const { parent, name } = walkToParent(vfs, operation[1])
      vfs.symlink(parent, name, 'x'.repeat(operation[2]))
      return true
    }
    case 'write':
    case 'zeros': {
      const [kind, path, at, length] = operation
      const bytes = kind === 'zeros' ? new Uint8Array(length) : pattern(stamp, at, length)
      vfs.write(walk(vfs, path), bytes, at)
      return true
    }
    case 'append': {
      const ino = walk(vfs, operation[1])
      const { size } = vfs.getattr(ino)
      vfs.write(ino, pattern(stamp, size, operation[2]), size)
      return true
    }
    case 'truncate':
      vfs.truncate(walk(vfs, operation[1]), operation[2])
      return true
    case 'rename': {
      const from = walkToParent(vfs, operation[1])
      const to = walkToParent(vfs, operation[2])
      vfs.rename(from.parent, from.name, to.parent, to.name)
      return true
    }
    case 'unlink':
    case 'rmdir': {
      const { parent, name } = walkToParent(vfs, operation[1])
      if (operation[0] === 'unlink') vfs.unlink(parent, name)
      else vfs.rmdir(parent, name)
      return true
    }
    case 'hold': {
      const ino = walk(vfs, operation[1])
      vfs.acquire(ino)
      held.push(ino)
      return true
    }
    case 'letgo': {
      const ino = held.shift()
      if (ino !== undefined) vfs.release(ino)
      return true
    }
    case 'fsync':
      vfs.fsync(walk(vfs, operation[1]))
      return true
    case 'wait':
    case 'busy':
      setClock(Date.now() + operation[1])
      return true
    case 'chmod':
      vfs.setattr(walk(vfs, operation[1]), { mode: operation[2] })
      return true
    case 'sync':
      return true
    default:
      return true
  }
}
