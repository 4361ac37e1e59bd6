// Space is reserved before growth is accepted: on a full disk ENOSPC comes from a reservation, and never
// from what was accepted.

import { ROOT_INO, VfsError, walk } from '@wasm-vfs/core'
import { chromiumCapacity } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import {
  closeSession,
  land,
  move,
  openSession,
  put,
  SimulatedOpfs,
  sync,
  treeOf,
} from './harness.ts'

const MIB = 1024 * 1024

describe('a reservation', () => {
  it('is refused when there is no space for it', async () => {
    const opfs = new SimulatedOpfs({ quota: 8 * MIB })
    const { store } = await openSession(opfs)
    await expect(store.reserve(16 * MIB)).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(store.reserve(4 * MIB)).resolves.toBeGreaterThanOrEqual(4 * MIB)
  })

  it.each([
    ['exact', {}],
    ['as in Chromium', { capacityFor: chromiumCapacity }],
  ])('lets what was accepted be carried out on a full disk (%s)', async (_, accounting) => {
    const opfs = new SimulatedOpfs(accounting)
    const session = await openSession(opfs)
    const { store, vfs } = session
    put(vfs, '/a', 'a')
    await sync(session)
    expect(await store.reserve(2 * MIB)).toBeGreaterThanOrEqual(2 * MIB)
    opfs.quota = opfs.used
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

  it('lets a first load of many files land on a disk that is full behind it, as in Chromium', async () => {
    const opfs = new SimulatedOpfs({ capacityFor: chromiumCapacity })
    const session = await openSession(opfs, { maxHandles: 32 })
    await session.store.reserve(8 * MIB)
    for (let file = 0; file < 40; file++)
      put(session.vfs, `/${file}`, new Uint8Array(100_000).fill(1))
    await sync(session)
    opfs.quota = opfs.used
    await land(session)
    await closeSession(session)
    opfs.quota = Infinity
    const lines = treeOf((await openSession(opfs)).vfs)
    expect(lines).toHaveLength(40)
    for (const line of lines) expect(line).toContain('100000 bytes')
  })

  it('of a large file is made in the file where space is scarce, so that its writes never fail', async () => {
    const opfs = new SimulatedOpfs({ capacityFor: chromiumCapacity })
    const session = await openSession(opfs)
    const { store, vfs } = session
    const ino = put(vfs, '/large', new Uint8Array(2 * MIB).fill(1))
    await sync(session)
    await land(session)
    await store.reserve(MIB)
    opfs.quota = opfs.used + 3 * MIB
    let size = 2 * MIB
    let refused: unknown
    // As the client does: what is not known to be available is asked for first.
    for (; refused === undefined; size += 8192) {
      expect(size).toBeLessThan(64 * MIB)
      try {
        if (Number(store.reserve(0)) < 8192) await store.reserve(8192, ino, size + 8192)
      } catch (error) {
        refused = error
        break
      }
      await store.write(ino, new Uint8Array(8192).fill(1), size, size)
    }
    expect(refused).toBeInstanceOf(VfsError)
    expect(refused).toMatchObject({ code: 'ENOSPC' })
    expect(size).toBeGreaterThan(4 * MIB)
    await store.fsync(ino)
    const bytes = new Uint8Array(size)
    await store.read(ino, bytes, 0)
    expect(bytes.every((byte) => byte === 1)).toBe(true)
    await closeSession(session)
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

  it.each([
    ['with what the dead session had reserved', MIB],
    ['with nothing reserved', 0],
  ])('is not needed for an open after a crash on a full disk (%s)', async (_, reserved) => {
    const accounting = { capacityFor: chromiumCapacity }
    const opfs = new SimulatedOpfs(accounting)
    const session = await openSession(opfs)
    const { store, vfs } = session
    if (reserved > 0) await store.reserve(reserved)
    put(vfs, '/a', 'a')
    await sync(session)
    await land(session)
    // Where nothing was reserved no name is out of place either: to put it right takes lines of the log.
    if (reserved > 0) move(vfs, '/a', '/b')
    else put(vfs, '/b', 'b')
    await sync(session)
    const next = new SimulatedOpfs({ image: opfs.image(), ...accounting })
    next.quota = next.used
    const again = await openSession(next)
    expect(treeOf(again.vfs)).toEqual(reserved > 0 ? ['/b: a'] : ['/a: a', '/b: b'])
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
