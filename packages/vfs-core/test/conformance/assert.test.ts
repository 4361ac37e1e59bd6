// The assertions and the runner that the suite stands on.

import { openMemory, ROOT_INO, VfsError, type Vfs } from '@wasm-vfs/core'
import {
  planConformance,
  runCase,
  summaryOf,
  type ConformanceCase,
  type ConformanceTarget,
} from '@wasm-vfs/core/testing'
import { describe, expect, it } from 'vitest'
import { equal, refuses, rejects, throwsError } from '../../src/testing/assert.ts'
import { withDeadline } from '../../src/testing/run.ts'
import { memoryTarget } from './memory.target.ts'

const CASE: ConformanceCase = { requirement: 'sample', name: 'a case', run() {} }

describe('equal', () => {
  it('accepts equal plain data and bytes', () => {
    expect(() => equal([1, { a: 'b', c: undefined }], [1, { a: 'b' }], 'x')).not.toThrow()
    expect(() => equal(new Uint8Array([1, 2]), new Uint8Array([1, 2]), 'x')).not.toThrow()
    expect(() => equal(Number.NaN, Number.NaN, 'x')).not.toThrow()
  })

  it('names the place of the first difference', () => {
    expect(() => equal({ a: [1, 2] }, { a: [1, 3] }, 'x')).toThrow('x: a.1: expected 3, got 2')
    expect(() => equal([1], [1, 2], 'x')).toThrow('x: expected [1,2], got [1]')
    expect(() => equal({ a: 1 }, {}, 'x')).toThrow('x: a: expected undefined, got 1')
    expect(() => equal('1', 1, 'x')).toThrow('x: expected 1, got "1"')
  })

  it('finds a single byte at any offset and alignment', () => {
    for (const start of [0, 1, 2, 3, 4]) {
      for (let index = 0; index < 13; index++) {
        const expected = new Uint8Array(20).subarray(start, start + 13)
        const actual = new Uint8Array(20).subarray(start, start + 13)
        actual[index] = 7
        expect(() => equal(actual, expected, 'x')).toThrow(`x: byte ${index}: expected 0, got 7`)
      }
    }
    expect(() => equal(new Uint8Array(2), new Uint8Array(3), 'x')).toThrow('expected 3 bytes')
  })
})

describe('refuses', () => {
  const enoent = (vfs: Vfs) => () => vfs.lookup(ROOT_INO, 'missing')

  it('returns the error that it expects', async () => {
    const vfs = await openMemory()
    expect(refuses(vfs, 'ENOENT', 'lookup', enoent(vfs)).code).toBe('ENOENT')
    expect(refuses(vfs, ['EPERM', 'ENOENT'], 'lookup', enoent(vfs)).code).toBe('ENOENT')
  })

  it('fails on success, on another code, operation or kind of error', async () => {
    const vfs = await openMemory()
    expect(() => refuses(vfs, 'ENOENT', 'lookup', () => 5)).toThrow('to throw ENOENT, got 5')
    expect(() => refuses(vfs, 'EPERM', 'lookup', enoent(vfs))).toThrow('expected EPERM')
    expect(() => refuses(vfs, 'ENOENT', 'unlink', enoent(vfs))).toThrow('operation unlink')
    const throwing = (): never => {
      throw new Error('of another kind')
    }
    expect(() => refuses(vfs, 'ENOENT', 'lookup', throwing)).toThrow('of another kind')
  })

  it('fails if the tree is not what it was', async () => {
    const vfs = await openMemory()
    const file = vfs.create(ROOT_INO, 'file', 0o644)
    const changes: (() => unknown)[] = [
      () => vfs.create(ROOT_INO, 'left behind', 0o644),
      () => vfs.write(file, new Uint8Array([1]), 0),
      () => vfs.setattr(file, { mode: 0 }),
      () => vfs.setattr(ROOT_INO, { mtime: 5 }),
    ]
    for (const change of changes) {
      const act = (): never => {
        change()
        throw new VfsError('EIO', 'write')
      }
      expect(() => refuses(vfs, 'EIO', 'write', act)).toThrow('the tree after EIO')
    }
  })
})

describe('throwsError and rejects', () => {
  it('look at the number too', () => {
    const error = Object.assign(new VfsError('EIO', 'sync'), { errno: 1 })
    const act = (): never => {
      throw error
    }
    expect(() => throwsError('EIO', 'sync', act)).toThrow('errno: expected 29, got 1')
  })

  it('want a rejection where the contract is asynchronous', async () => {
    const error = new VfsError('EIO', 'sync')
    await expect(rejects('EIO', 'sync', () => Promise.reject(error))).resolves.toBe(error)
    await expect(rejects('EIO', 'sync', () => Promise.resolve())).rejects.toThrow('to reject')
  })
})

describe('the runner', () => {
  it('closes and destroys every store, also of a case that fails', async () => {
    const events: string[] = []
    const target: ConformanceTarget = {
      ...memoryTarget,
      async open(storeName) {
        events.push('open')
        const vfs = await memoryTarget.open(storeName)
        const close = async (): Promise<void> => {
          events.push('close')
          await vfs.close()
        }
        return Object.assign(Object.create(vfs) as Vfs, { close })
      },
      destroy: async () => void events.push('destroy'),
    }
    const failing: ConformanceCase = {
      ...CASE,
      async run({ openAnother }) {
        await openAnother()
        throw new Error('the case fails')
      },
    }
    await expect(runCase(target, failing)).rejects.toThrow('the case fails')
    expect(events).toEqual(['open', 'open', 'close', 'close', 'destroy', 'destroy'])
  })

  it('reports a store that cannot be closed', async () => {
    const target: ConformanceTarget = {
      ...memoryTarget,
      destroy: () => Promise.reject(new Error('still locked')),
    }
    await expect(runCase(target, CASE)).rejects.toThrow('still locked')
  })

  it('gives up at the deadline and says on what', async () => {
    const never = new Promise<void>(() => {})
    await expect(withDeadline(never, 10, 'a wait')).rejects.toThrow(
      'not finished after 10 ms: a wait',
    )
    await expect(withDeadline(Promise.resolve(5), 10, 'a value')).resolves.toBe(5)
  })

  it('gates by declared capabilities and says so', () => {
    const { capabilities } = memoryTarget
    const all = planConformance({ capabilities })
    const without = planConformance({ capabilities: { ...capabilities, hardLinks: false } })
    expect(without.cases.length).toBeLessThan(all.cases.length)
    expect(without.cases.length + without.gated.length).toBe(all.cases.length + all.gated.length)
    expect(summaryOf(without)).toMatch(/^ran \d+ of \d+ cases; gated out: .*hardLinks is false/)
  })
})
