// Few handles: what the options allow at least, and what is left where other stores of the origin hold the
// rest. A store then works with fewer, and loses nothing.

import { describe, expect, it } from 'vitest'
import { forAll } from '../../src/io/directories.ts'
import { HANDLES_MIN } from '../../src/io/layout.ts'
import { checkOptions } from '../../src/options.ts'
import { closeSession, openSession, put, SimulatedOpfs, sync, treeOf, walk } from './harness.ts'

const MIB = 1024 * 1024

/** Refuses a handle beyond the limit, as an origin whose other stores hold the rest. */
class HandleLimit {
  most = Infinity
  open = 0

  constructor(opfs: SimulatedOpfs) {
    opfs.watcher.fault = ({ kind }) => {
      if (kind === 'close') this.open--
      if (kind !== 'createSyncAccessHandle') return undefined
      if (this.open >= this.most) return { throws: 'UnknownError' }
      this.open++
      return undefined
    }
  }
}

function fill(session: Awaited<ReturnType<typeof openSession>>): void {
  for (let index = 0; index < 20; index++) put(session.vfs, `/f${index}`, `file ${index}`)
  for (let index = 0; index < 3; index++) {
    put(session.vfs, `/large${index}`, new Uint8Array(2 * MIB).fill(index + 1))
  }
}

describe('the fewest handles', () => {
  it('are integers, and leave one for the files', () => {
    expect(HANDLES_MIN).toBe(4)
    expect(checkOptions({ maxHandles: 4 }).maxHandles).toBe(4)
    for (const maxHandles of [3, 4.5, Number.NaN, Infinity]) {
      expect(() => checkOptions({ maxHandles })).toThrow(/maxHandles is an integer of at least 4/)
    }
  })

  it.each([HANDLES_MIN, HANDLES_MIN + 1])('keep everything (%i)', async (maxHandles) => {
    const opfs = new SimulatedOpfs()
    const limit = new HandleLimit(opfs)
    limit.most = maxHandles
    const session = await openSession(opfs, { maxHandles })
    expect(await session.store.reserve(MIB)).toBeGreaterThanOrEqual(MIB)
    fill(session)
    await sync(session)
    for (let index = 0; index < 20; index++) {
      session.vfs.write(walk(session.vfs, `/f${index}`), new Uint8Array([65]), 0)
    }
    const before = treeOf(session.vfs)
    await closeSession(session)
    const again = await openSession(opfs, { maxHandles })
    expect(treeOf(again.vfs)).toEqual(before)
    expect(treeOf(again.vfs)).toHaveLength(23)
    expect(again.store.stats().handles).toBeLessThanOrEqual(maxHandles)
    await closeSession(again)
  })

  it('fewer are refused, also where a store is opened from within', async () => {
    for (const maxHandles of [3, 4.5, 0]) {
      await expect(openSession(new SimulatedOpfs(), { maxHandles })).rejects.toThrow(/handles/)
    }
  })

  it('no loop over work does none of it', async () => {
    for (const parallel of [0, -1, 0.5, Number.NaN]) {
      await expect(forAll([1], () => Promise.resolve(), parallel)).rejects.toThrow(RangeError)
    }
  })
})

describe('handles that other stores of the origin hold', () => {
  it.each([4, 5, 9])('are done without after an acknowledged write (%i left)', async (left) => {
    const opfs = new SimulatedOpfs()
    const limit = new HandleLimit(opfs)
    const session = await openSession(opfs, { maxHandles: 32 })
    await session.store.reserve(4 * MIB)
    fill(session)
    await sync(session)
    limit.most = left
    for (let index = 0; index < 3; index++) {
      const ino = walk(session.vfs, `/large${index}`)
      session.vfs.write(ino, new Uint8Array(MIB).fill(9), 2 * MIB)
      session.vfs.fsync(ino)
    }
    await session.flush()
    await session.store.reserve(8 * MIB)
    const before = treeOf(session.vfs)
    await closeSession(session)
    const again = await openSession(opfs, { maxHandles: 32 })
    expect(treeOf(again.vfs)).toEqual(before)
    expect(again.store.stats().handles).toBeLessThanOrEqual(left)
    await closeSession(again)
  })

  it('are missed by nobody while many files are opened at once', async () => {
    const opfs = new SimulatedOpfs()
    const limit = new HandleLimit(opfs)
    const session = await openSession(opfs, { maxHandles: 32 })
    limit.most = 6
    for (let index = 0; index < 40; index++) put(session.vfs, `/f${index}`, `file ${index}`)
    await closeSession(session)
    expect(treeOf((await openSession(opfs)).vfs)).toHaveLength(40)
  })
})
