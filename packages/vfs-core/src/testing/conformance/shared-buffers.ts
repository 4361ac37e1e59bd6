// Buffers over shared memory, as a program built with pthreads passes them. Where the environment has
// no SharedArrayBuffer (a page that is not cross-origin isolated) there is nothing to pass, and the
// cases hold trivially.

import { check, equal } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readFile, writeFile } from '../content.ts'

const isAvailable = (): boolean => typeof SharedArrayBuffer === 'function'

const shared = (buffer: SharedArrayBuffer, at: number, length: number): Uint8Array =>
  new Uint8Array(buffer, at, length)

export const sharedBuffers: Requirement = requirement('shared buffers', [
  {
    name: 'a write takes its bytes from shared memory',
    run({ vfs }) {
      if (!isAvailable()) return
      const heap = new SharedArrayBuffer(100_000)
      shared(heap, 0, 100_000).set(pattern(100_000))
      const file = writeFile(vfs, 'file', shared(heap, 12_345, 50_001))
      equal(readFile(vfs, file), pattern(100_000).slice(12_345, 62_346), 'content')
    },
  },
  {
    name: 'a read fills a view of shared memory and touches nothing around it',
    run({ vfs }) {
      if (!isAvailable()) return
      const file = writeFile(vfs, 'file', pattern(50_001))
      const heap = new SharedArrayBuffer(100_000)
      const all = shared(heap, 0, 100_000).fill(0x5a)
      equal(vfs.read(file, shared(heap, 12_345, 60_000), 1), 50_000, 'bytes read')
      const expected = new Uint8Array(100_000).fill(0x5a)
      expected.set(pattern(50_001).subarray(1), 12_345)
      equal(all, expected, 'the shared memory')
    },
  },
  {
    name: 'shared memory may be overwritten as soon as write has returned',
    async run({ vfs }) {
      if (!isAvailable()) return
      const view = shared(new SharedArrayBuffer(20_000), 0, 20_000)
      const file = writeFile(vfs, 'file')
      for (let index = 0; index < 10; index++) {
        view.set(pattern(20_000, index))
        vfs.write(file, view, index * 20_000)
        view.fill(0)
      }
      await vfs.sync()
      for (let index = 0; index < 10; index++) {
        const found = readFile(vfs, file).subarray(index * 20_000, (index + 1) * 20_000)
        equal(found, pattern(20_000, index), `piece ${index}`)
      }
    },
  },
  {
    name: 'an attached heap is read and written, also after it has grown',
    async run({ vfs }) {
      if (!isAvailable() || vfs.attachMemory === undefined) return
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true })
      const view = (at: number, length: number): Uint8Array =>
        new Uint8Array(memory.buffer, at, length)
      await vfs.attachMemory(memory)
      view(500, 10_000).set(pattern(10_000))
      const file = writeFile(vfs, 'file', view(500, 10_000))
      memory.grow(1)
      equal(vfs.read(file, view(100_000, 10_000), 0), 10_000, 'bytes read')
      equal(view(100_000, 10_000), pattern(10_000), 'the heap')
    },
  },
  {
    name: 'a declared absence of copies is one: an attached heap is not copied',
    needs: { sharedMemoryWithoutCopy: true },
    async run({ vfs }) {
      check(vfs.attachMemory !== undefined, 'attachMemory exists')
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true })
      await vfs.attachMemory(memory)
      const heap = new Uint8Array(memory.buffer)
      heap.set(pattern(100_000))
      const before = vfs.stats().bytesCopied ?? 0
      const file = writeFile(vfs, 'file', heap.subarray(0, 100_000))
      await vfs.sync()
      vfs.read(file, heap.subarray(100_000, 200_000), 0)
      equal((vfs.stats().bytesCopied ?? 0) - before, 0, 'bytes copied')
      equal(heap.slice(100_000, 200_000), pattern(100_000), 'the heap')
    },
  },
])
