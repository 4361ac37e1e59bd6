// Callers' buffers: views into larger buffers, reused at once, and never touched outside.

import { equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { isZeros, pattern, readFile, readRange, writeFile } from '../content.ts'

/** Where a view starts and how long it is; odd on purpose. */
const VIEWS = [
  [0, 10],
  [1, 1],
  [3, 4096],
  [4097, 8191],
  [12_345, 70_001],
] as const

const GUARD = 0x5a

export const buffers: Requirement = requirement('buffers', [
  {
    name: 'a write takes the bytes of the view, not of the buffer below it',
    run({ vfs }) {
      const heap = pattern(100_000)
      for (const [start, length] of VIEWS) {
        const file = writeFile(vfs, `file${start}`, heap.subarray(start, start + length))
        equal(readFile(vfs, file), heap.slice(start, start + length), 'content')
      }
    },
  },
  {
    name: 'a read fills the view and touches nothing around it',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(80_000))
      for (const [start, length] of VIEWS) {
        const heap = new Uint8Array(100_000).fill(GUARD)
        const view = heap.subarray(start, start + length)
        equal(vfs.read(file, view, 99), Math.min(length, 80_000 - 99), 'bytes read')
        const expected = new Uint8Array(100_000).fill(GUARD)
        expected.set(pattern(80_000).subarray(99, 99 + length), start)
        equal(heap, expected, 'the buffer')
      }
    },
  },
  {
    name: 'a read of a hole fills the view with zeros and touches nothing around it',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      vfs.truncate(file, 50_000)
      const heap = new Uint8Array(60_000).fill(GUARD)
      equal(vfs.read(file, heap.subarray(5000, 55_000), 0), 50_000, 'bytes read')
      isZeros(heap.subarray(5000, 55_000), 'the view')
      equal(heap.subarray(0, 5000), new Uint8Array(5000).fill(GUARD), 'before the view')
      equal(heap.subarray(55_000), new Uint8Array(5000).fill(GUARD), 'after the view')
    },
  },
  {
    name: 'a read that ends at the end of the file leaves the rest of the buffer alone',
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(100))
      const buffer = new Uint8Array(5000).fill(GUARD)
      equal(vfs.read(file, buffer, 40), 60, 'bytes read')
      equal(buffer.subarray(0, 60), pattern(100).subarray(40), 'what was read')
      equal(buffer.subarray(60), new Uint8Array(4940).fill(GUARD), 'the rest')
    },
  },
  {
    name: 'a buffer may be overwritten as soon as write has returned',
    async run(context) {
      const buffer = new Uint8Array(9000)
      const file = writeFile(context.vfs, 'file')
      for (let index = 0; index < 20; index++) {
        buffer.set(pattern(9000, index))
        context.vfs.write(file, buffer, index * 9000)
        buffer.fill(0xee)
      }
      const check = (): void => {
        for (let index = 0; index < 20; index++) {
          const found = readRange(context.vfs, file, index * 9000, 9000)
          equal(found, pattern(9000, index), `piece ${index}`)
        }
      }
      check()
      await context.vfs.sync()
      check()
      if (!context.target.capabilities.persistent) return
      await context.reopen()
      check()
    },
  },
  {
    name: "a buffer that was read into is the caller's: changing it does not change the file",
    run({ vfs }) {
      const file = writeFile(vfs, 'file', pattern(9000))
      const buffer = new Uint8Array(9000)
      vfs.read(file, buffer, 0)
      buffer.fill(0xee)
      equal(readFile(vfs, file), pattern(9000), 'content')
    },
  },
  {
    name: 'views of a WebAssembly heap work, before and after it grows',
    async run({ vfs }) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 })
      const file = writeFile(vfs, 'file')
      new Uint8Array(memory.buffer).set(pattern(10_000), 100)
      vfs.write(file, new Uint8Array(memory.buffer, 100, 10_000), 0)
      memory.grow(1)
      vfs.read(file, new Uint8Array(memory.buffer, 70_000, 10_000), 0)
      equal(new Uint8Array(memory.buffer, 70_000, 10_000), pattern(10_000), 'the heap')
      vfs.write(file, new Uint8Array(memory.buffer, 70_000, 5000), 10_000)
      memory.grow(1)
      await vfs.sync()
      equal(readRange(vfs, file, 10_000, 5000), pattern(10_000).subarray(0, 5000), 'content')
    },
  },
])
