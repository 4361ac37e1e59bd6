// The store over a simulated OPFS: what a program does through the engine is what lies in OPFS, and what
// the next open finds.

import { describe, expect, it } from 'vitest'
import {
  closeSession,
  makeDirectory,
  move,
  openSession,
  opfsTree,
  put,
  SimulatedOpfs,
  treeOf,
  unlink,
  walk,
} from './harness.ts'

describe('a store', () => {
  it('keeps files under their own names', async () => {
    const session = await openSession(new SimulatedOpfs())
    makeDirectory(session.vfs, '/d')
    put(session.vfs, '/d/a', 'one')
    put(session.vfs, '/b', 'two')
    await session.vfs.sync()
    await session.flush()
    expect(opfsTree(session.opfs)).toEqual(['/b: two', '/d/', '/d/a: one'])
    await closeSession(session)
    const again = await openSession(session.opfs)
    expect(treeOf(again.vfs)).toEqual(['/b: two', '/d/', '/d/a: one'])
  })

  it('keeps nothing of a file that dies before it is committed', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', 'one')
    unlink(session.vfs, '/a')
    await session.vfs.sync()
    await session.flush()
    expect(opfsTree(session.opfs)).toEqual([])
    expect(session.store.stats().handles).toBe(2)
  })

  it('carries out renames, swaps and replacements', async () => {
    const session = await openSession(new SimulatedOpfs())
    for (const name of ['a', 'b', 'c', 'd']) put(session.vfs, `/${name}`, `was ${name}`)
    makeDirectory(session.vfs, '/sub')
    put(session.vfs, '/sub/x', 'x')
    put(session.vfs, '/sub/y', 'y')
    await session.vfs.sync()
    move(session.vfs, '/a', '/tmp')
    move(session.vfs, '/b', '/a')
    move(session.vfs, '/tmp', '/b')
    move(session.vfs, '/c', '/d')
    move(session.vfs, '/sub', '/c')
    await session.vfs.sync()
    await session.flush()
    const expected = ['/a: was b', '/b: was a', '/c/', '/c/x: x', '/c/y: y', '/d: was c']
    expect(opfsTree(session.opfs)).toEqual(expected)
    expect(treeOf(session.vfs)).toEqual(expected)
    await closeSession(session)
    const again = await openSession(session.opfs)
    expect(treeOf(again.vfs)).toEqual(expected)
  })

  it('keeps an unlinked file for as long as it is open', async () => {
    const session = await openSession(new SimulatedOpfs())
    const ino = put(session.vfs, '/a', 'content')
    await session.vfs.sync()
    session.vfs.acquire(ino)
    unlink(session.vfs, '/a')
    await session.vfs.sync()
    await session.flush()
    expect(opfsTree(session.opfs)).toEqual([])
    const bytes = new Uint8Array(7)
    await session.store.read(ino, bytes, 0)
    expect(new TextDecoder().decode(bytes)).toBe('content')
    session.vfs.release(ino)
    await closeSession(session)
    const again = await openSession(session.opfs)
    expect(again.facts.filter(({ type }) => type === 'inode')).toHaveLength(1)
  })

  it('works with few handles', async () => {
    const session = await openSession(new SimulatedOpfs(), { maxHandles: 8 })
    for (let index = 0; index < 40; index++) put(session.vfs, `/f${index}`, `file ${index}`)
    await session.vfs.sync()
    await session.flush()
    for (let index = 0; index < 40; index++) {
      session.vfs.write(walk(session.vfs, `/f${index}`), new Uint8Array([65]), 0)
    }
    await session.flush()
    expect(session.store.stats().handles).toBeLessThanOrEqual(8)
    await closeSession(session)
    const again = await openSession(session.opfs)
    expect(treeOf(again.vfs)).toHaveLength(40)
    expect(treeOf(again.vfs)[0]).toBe('/f0: Aile 0')
  })
})
