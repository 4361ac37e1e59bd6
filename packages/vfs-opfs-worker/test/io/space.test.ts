// Space is reserved before growth is accepted: on a full disk ENOSPC comes from a reservation, and never
// from what was accepted.

import { ROOT_INO, walk } from '@wasm-vfs/core'
import { describe, expect, it } from 'vitest'
import {
  closeSession,
  land,
  openSession,
  put,
  SimulatedOpfs,
  sync,
  treeOf,
  usedBytes,
} from './harness.ts'

const MIB = 1024 * 1024

describe('a reservation', () => {
  it('is refused when there is no space for it', async () => {
    const opfs = new SimulatedOpfs({ quota: 8 * MIB })
    const { store } = await openSession(opfs)
    await expect(store.reserve(16 * MIB)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(store.reserve(4 * MIB)).resolves.toBeGreaterThanOrEqual(4 * MIB)
  })

  it('lets what was accepted be carried out on a full disk', async () => {
    const opfs = new SimulatedOpfs()
    const session = await openSession(opfs)
    const { store, vfs } = session
    put(vfs, '/a', 'a')
    await sync(session)
    expect(await store.reserve(2 * MIB)).toBeGreaterThanOrEqual(2 * MIB)
    opfs.quota = usedBytes(opfs)
    vfs.write(walk(vfs, '/a'), new Uint8Array(MIB).fill(1), 0)
    put(vfs, '/b', new Uint8Array(MIB - 10_000).fill(2))
    await sync(session)
    // Written over, again and again: that asks for no reservation.
    for (let round = 0; round < 20; round++) {
      vfs.write(walk(vfs, '/a'), new Uint8Array(MIB).fill(1), 0)
      vfs.fsync(walk(vfs, '/a'))
      await session.flush()
    }
    await closeSession(session)
    opfs.quota = Infinity
    const again = await openSession(opfs)
    expect(treeOf(again.vfs).map((line) => line.slice(-13))).toEqual([
      '1048576 bytes',
      '1038576 bytes',
    ])
  })

  it('counts what is kept in memory until it has a name', async () => {
    const session = await openSession(new SimulatedOpfs())
    const { store, vfs } = session
    const before = await store.reserve(4 * MIB)
    const ino = put(vfs, '/a', new Uint8Array(MIB))
    await session.flush()
    expect(store.reserve(0)).toBe(before - MIB)
    await sync(session)
    // Its bytes are in the journal, and have yet to be in the file.
    expect(store.reserve(0)).toBe(before - MIB)
    await land(session)
    expect(store.reserve(0)).toBe(before)
    vfs.acquire(ino)
    vfs.unlink(ROOT_INO, 'a')
    vfs.release(ino)
    put(vfs, '/b', new Uint8Array(MIB))
    vfs.unlink(ROOT_INO, 'b')
    await sync(session)
    expect(store.reserve(0)).toBe(before)
  })

  it('takes no space after a close, nor what a killed session has left', async () => {
    const opfs = new SimulatedOpfs()
    const session = await openSession(opfs)
    await session.store.reserve(4 * MIB)
    await closeSession(session)
    opfs.quota = 2 * MIB
    const again = await openSession(opfs)
    opfs.quota = Infinity
    await again.store.reserve(4 * MIB)
    const image = opfs.image()
    const next = new SimulatedOpfs({ image, quota: 4 * MIB })
    const third = await openSession(next)
    await expect(third.store.reserve(2 * MIB)).resolves.toBeGreaterThanOrEqual(2 * MIB)
  })
})
