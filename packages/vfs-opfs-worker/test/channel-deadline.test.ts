// A call whose deadline passes: what the I/O worker has not claimed by then it never touches, and what it has
// claimed on the program's memory ends the mount.

import { ROOT_INO, VfsError } from '@wasm-vfs/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { CLAIM_CANCELLED, claimIndexOf } from '../src/channel/protocol.ts'
import { INO_LATE } from './memory-io-store.ts'
import { inTask } from './microtasks.ts'
import { oneThread, type OneThread } from './one-thread.ts'

const INO = 7
const IN_DOUBT = /may do so until the worker has ended: end the program/

let both: OneThread
let buffer: Uint8Array

beforeEach(async () => {
  both = await oneThread()
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  await inTask(() => both.memories.attach(memory))
  buffer = new Uint8Array(memory.buffer, 64, 100)
  await inTask(() => {
    both.content.write(INO, new Uint8Array(100).fill(1), 0, 0)
    both.content.fsync(INO)
  })
})

async function errorOf(work: () => unknown): Promise<string> {
  return inTask(work).then(
    () => 'ok',
    (error: unknown) => (error instanceof VfsError ? error.message : `not ours: ${String(error)}`),
  )
}

/** The program goes on, uses its buffer for something else, and then the I/O worker gets to run. */
async function later(): Promise<void> {
  buffer.fill(9)
  await inTask(() => both.resume())
  await inTask(() => both.resume())
}

describe('a request that was not claimed', () => {
  beforeEach(() => both.stop())

  it('does not fill the buffer of a read', async () => {
    expect(await errorOf(() => both.content.read(INO, buffer, 0))).toMatch(/read.* within 2000 ms$/)
    await later()
    expect(buffer.every((byte) => byte === 9)).toBe(true)
    expect(both.store.stats().reads).toBe(0)
  })

  it('does not write what the program has put in its buffer since', async () => {
    buffer.fill(2)
    expect(await errorOf(() => both.content.write(INO, buffer, 0, 100))).toMatch(/write.* 2000 ms$/)
    await later()
    expect(both.store.calls).toEqual(['write', 'close'])
  })

  it('does not follow a gap: nothing that was posted behind it is carried out either', async () => {
    await inTask(() => {
      both.content.write(INO, new Uint8Array(100).fill(3), 0, 100)
      both.content.write(INO, new Uint8Array(100).fill(3), 100, 100)
      expect(() => both.content.fsync(INO)).toThrow(/within 2000 ms/)
    })
    await later()
    // Of the write before; and then the loop has let go of the store.
    expect(both.store.calls).toEqual(['write', 'close'])
  })

  it('ends the worker, and every later call fails', async () => {
    const first = await errorOf(() => both.content.read(INO, buffer, 0))
    expect(both.isEnded).toBe(true)
    for (const call of LATER) expect(await errorOf(call)).toBe(first)
  })
})

describe("a claimed request that works on the program's memory", () => {
  it.each(['read', 'write'] as const)('ends the worker and the mount (%s)', async (operation) => {
    buffer.fill(2)
    const first = await errorOf(() => {
      if (operation === 'read') both.content.read(INO_LATE, buffer, 0)
      else both.content.write(INO_LATE, buffer, 0, 0)
    })
    expect(first).toMatch(IN_DOUBT)
    expect(both.isEnded).toBe(true)
    // The worker's thread is gone, so what it was at does not go on.
    expect(buffer.every((byte) => byte === 2)).toBe(true)
    expect(both.store.bytesOf(INO_LATE)).toBeUndefined()
    for (const call of LATER) expect(await errorOf(call)).toBe(first)
  })

  it("is not in doubt where the bytes are the channel's own", async () => {
    const first = await errorOf(() => both.content.read(INO_LATE, new Uint8Array(100), 0))
    expect(first).toMatch(/the I\/O worker is gone/)
    expect(first).not.toMatch(IN_DOUBT)
  })
})

it('a write that joins others takes none that was cancelled', async () => {
  const { content, channel, views } = both
  await inTask(() => {
    both.stop()
    content.write(INO, new Uint8Array(100).fill(3), 0, 100)
    content.write(INO, new Uint8Array(100).fill(4), 100, 100)
    // The client cancels from the last one back, and the worker has begun meanwhile.
    views.recordWords[claimIndexOf(channel.posted)] = CLAIM_CANCELLED
    both.resume()
  })
  await later()
  const bytes = both.store.bytesOf(INO)!
  expect(bytes).toEqual(new Uint8Array(100).fill(3))
})

/** Calls of a program, none of which may be answered from memory. */
const LATER: readonly (() => unknown)[] = [
  () => both.content.read(INO, new Uint8Array(1), 0),
  () => both.content.write(INO, new Uint8Array(1), 0, 100),
  () => both.content.fsync(INO),
  () => both.content.syncAll(),
  () => both.metadata.acknowledge(),
  () => both.vfs.getattr(ROOT_INO),
  () => both.vfs.fsync(ROOT_INO),
  () => both.vfs.create(ROOT_INO, 'a', 0o644),
  () => both.vfs.close(),
]
