// What fails after its call has returned: from then on nothing is vouched for, and what the failed file holds
// is not shown.

import { ROOT_INO, VfsError } from '@wasm-vfs/core'
import type { Vfs } from '@wasm-vfs/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { CAPACITY, INO_FAILS, RESERVED } from './memory-io-store.ts'
import { inTask } from './microtasks.ts'
import { oneThread, type OneThread } from './one-thread.ts'

const OTHER = 7
const AHEAD = 8
const FAILED =
  /^EIO: .*inode 1000001 failed after its call had returned; reopen the store.*as asked/

let both: OneThread

beforeEach(async () => {
  both = await oneThread()
})

async function outcome(work: () => unknown): Promise<string> {
  return inTask(work).then(
    () => 'ok',
    (error: unknown) => (error instanceof VfsError ? error.message : `not ours: ${String(error)}`),
  )
}

/** A posted write fails, and the program goes on before it can know. */
async function failPosted(): Promise<void> {
  const { content } = both
  await inTask(() => {
    content.write(OTHER, new Uint8Array(100).fill(1), 0, 0)
    content.fsync(OTHER)
    both.stop()
    content.write(INO_FAILS, new Uint8Array(100).fill(2), 0, 0)
    content.write(INO_FAILS, new Uint8Array(100).fill(3), 100, 100)
    both.resume()
  })
}

describe('from the first failure of a posted write on', () => {
  beforeEach(failPosted)

  it('the file is neither read nor written', async () => {
    const { content, store } = both
    const { writes } = store.stats()
    expect(await outcome(() => content.read(INO_FAILS, new Uint8Array(10), 0))).toMatch(FAILED)
    expect(await outcome(() => content.write(INO_FAILS, new Uint8Array(10), 0, 200))).toMatch(
      FAILED,
    )
    expect(await outcome(() => content.resize(INO_FAILS, 200, 0))).toMatch(FAILED)
    expect(store.stats().writes).toBe(writes)
  })

  it('other files are read and written, and no fsync succeeds, also where nothing is pending', async () => {
    const { content } = both
    const into = new Uint8Array(100)
    expect(await outcome(() => content.read(OTHER, into, 0))).toBe('ok')
    expect(into).toEqual(new Uint8Array(100).fill(1))
    expect(await outcome(() => content.fsync(OTHER))).toMatch(FAILED)
    expect(await outcome(() => content.fsync(INO_FAILS))).toMatch(FAILED)
    expect(await outcome(() => content.checkFailures())).toMatch(FAILED)
    expect(await outcome(() => content.write(OTHER, new Uint8Array(1), 0, 100))).toBe('ok')
    expect(await outcome(() => content.fsync(OTHER))).toMatch(FAILED)
  })

  it('no commit, hand-down, sync or housekeeping succeeds', async () => {
    const { content, metadata } = both
    const commit = (): void =>
      metadata.commit({ facts: [{ type: 'drop', ino: 99 }], storeFacts: [] })
    expect(await outcome(() => metadata.acknowledge())).toMatch(FAILED)
    expect(await outcome(() => (commit(), metadata.acknowledge()))).toMatch(FAILED)
    expect(await outcome(() => (commit(), metadata.handDown()))).toMatch(FAILED)
    expect(await outcome(() => content.syncAll())).toMatch(FAILED)
    expect(await outcome(() => content.syncAll())).toMatch(FAILED)
    expect(await outcome(() => content.housekeeping())).toMatch(FAILED)
    expect(both.store.stats().commits).toBe(0)
  })

  it('a close fails and marks nothing clean', async () => {
    expect(await outcome(() => both.metadata.close(true))).toMatch(FAILED)
    expect(both.store.calls).toContain('close')
    expect(both.store.calls).not.toContain('close, clean')
  })

  it('that the file is dropped changes nothing', async () => {
    const { content } = both
    expect(await outcome(() => content.drop(INO_FAILS))).toBe('ok')
    expect(await outcome(() => content.fsync(OTHER))).toMatch(FAILED)
    expect(await outcome(() => content.syncAll())).toMatch(FAILED)
  })
})

it('a write that fails while its caller waits stops nothing', async () => {
  const { content, memories } = both
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  await inTask(() => memories.attach(memory))
  const buffer = new Uint8Array(memory.buffer, 0, 10)
  expect(await outcome(() => content.write(INO_FAILS, buffer, 0, 0))).toMatch(/as asked/)
  expect(await outcome(() => content.write(OTHER, buffer, 0, 0))).toBe('ok')
  expect(await outcome(() => content.fsync(OTHER))).toBe('ok')
})

it('what was read ahead of a file is not shown any more', async () => {
  const { content } = both
  const page = new Uint8Array(1000)
  await inTask(() => {
    content.write(AHEAD, new Uint8Array(8000).fill(1), 0, 0)
    content.read(AHEAD, page, 0)
    content.read(AHEAD, page, 1000)
  })
  await failPosted()
  const { reads } = both.store.stats()
  await inTask(() => content.read(AHEAD, page, 2000))
  expect(both.store.stats().reads).toBe(reads! + 1)
})

describe('a flush that was put off and fails', () => {
  it('fails every fsync, sync and close, though nothing is pending', async () => {
    const { content, metadata, store } = both
    await inTask(() => {
      content.write(OTHER, new Uint8Array(100), 0, 0)
      content.fsync(OTHER)
      store.fails = 'tick'
      both.resume()
    })
    expect(await outcome(() => content.fsync(OTHER))).toMatch(/^EIO.*put off/)
    expect(await outcome(() => content.syncAll())).toMatch(/^EIO.*put off/)
    expect(await outcome(() => metadata.close(true))).toMatch(/^EIO.*put off/)
    expect(store.calls).not.toContain('close, clean')
  })

  it('rejects a close that comes right behind it', async () => {
    const { metadata, store } = both
    store.fails = 'tick'
    await inTask(() => both.resume())
    expect(await outcome(() => metadata.close(true))).toMatch(/^EIO.*put off/)
  })
})

describe('through the engine', () => {
  let vfs: Vfs
  beforeEach(() => {
    vfs = both.vfs
  })

  it('an fsync of a directory fails, too, and so does close', async () => {
    await inTask(() => {
      const ino = vfs.create(ROOT_INO, 'a', 0o644)
      vfs.write(ino, new Uint8Array(100), 0)
      vfs.fsync(ino)
      vfs.fsync(ROOT_INO)
      both.store.fails = 'tick'
      both.resume()
    })
    expect(await outcome(() => vfs.fsync(ROOT_INO))).toMatch(/^EIO.*put off/)
    expect(await outcome(() => vfs.sync())).toMatch(/^EIO.*put off/)
    expect(await outcome(() => vfs.close())).toMatch(/^EIO.*put off/)
  })

  it('a rename is one round trip, is not acknowledged, and its fsync costs no empty batch', async () => {
    await inTask(() => {
      vfs.create(ROOT_INO, 'a', 0o644)
      vfs.fsync(ROOT_INO)
      both.store.calls.length = 0
      const before = both.channel.counters.roundTrips
      vfs.rename(ROOT_INO, 'a', ROOT_INO, 'c')
      expect(both.channel.counters.roundTrips - before).toBe(1)
      expect(both.store.calls).toEqual(['commit'])
      vfs.fsync(ROOT_INO)
      expect(both.store.calls).toEqual(['commit', 'acknowledge'])
      vfs.fsync(ROOT_INO)
      expect(both.channel.counters.roundTrips - before).toBe(2)
    })
  })

  it('an fsync with a batch is two round trips at most, as before', async () => {
    await inTask(() => {
      const ino = vfs.create(ROOT_INO, 'a', 0o644)
      vfs.fsync(ROOT_INO)
      vfs.write(ino, new Uint8Array(100), 0)
      const before = both.channel.counters.roundTrips
      vfs.fsync(ino)
      expect(both.channel.counters.roundTrips - before).toBe(2)
      vfs.write(ino, new Uint8Array(100), 0)
      vfs.fsync(ino)
      expect(both.channel.counters.roundTrips - before).toBe(3)
    })
  })
})

it('what was written is handed down once, and that this fails is no failure of a write', async () => {
  const { content, store } = both
  await inTask(() => {
    content.writeBack()
    content.write(OTHER, new Uint8Array(100), 0, 0)
    const before = both.channel.counters.roundTrips
    both.resume()
    store.calls.length = 0
    store.fails = 'write-back'
    content.writeBack()
    content.writeBack()
    expect(both.channel.counters.roundTrips).toBe(before)
    both.resume()
    expect(store.calls).toEqual(['write back'])
    content.fsync(OTHER)
  })
})

describe('growth beyond what is reserved', () => {
  // More than one piece of the ring.
  const bytes = new Uint8Array(20_000)
  const WAYS: readonly [string, (size: number) => void][] = [
    ['a write in pieces', (size) => both.content.write(OTHER, bytes, size, size)],
    [
      'a write behind a hole',
      (size) => both.content.write(OTHER, bytes.subarray(0, 1), size + 19_999, size),
    ],
    ['a truncate', (size) => both.content.resize(OTHER, size, size + 20_000)],
    ['a write from attached memory', (size) => both.content.write(OTHER, inMemory(), size, size)],
  ]
  let inMemory: () => Uint8Array

  beforeEach(async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    await inTask(() => both.memories.attach(memory))
    inMemory = () => new Uint8Array(memory.buffer, 0, 20_000)
  })

  it.each(WAYS)('is asked for before anything is posted: %s', async (_way, grow) => {
    const { content, store } = both
    await inTask(() => {
      // All that is reserved is promised to what is posted.
      both.stop()
      content.resize(8, 0, RESERVED - 19_999)
      const { posted } = both.channel
      expect(() => grow(0)).toThrow(/truncate.* within 2000 ms/)
      expect(both.channel.posted - posted).toBe(1)
      both.resume()
      expect(store.calls).toEqual(['close'])
    })
  })

  it.each(WAYS)('is ENOSPC at once and leaves the store as it was: %s', async (_way, grow) => {
    const { content, store } = both
    const size = CAPACITY - 19_999
    await inTask(() => {
      content.resize(OTHER, 0, size)
      both.resume()
    })
    store.calls.length = 0
    expect(await outcome(() => grow(size))).toMatch(/^ENOSPC/)
    expect(store.calls).toEqual(['reserve'])
    expect(await outcome(() => content.write(OTHER, bytes.subarray(0, 19_999), size, size))).toBe(
      'ok',
    )
    expect(await outcome(() => content.fsync(OTHER))).toBe('ok')
  })
})
