// The store over a simulated OPFS: what a program does through the engine is what lies in OPFS, and what
// the next open finds.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import type { Call } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import { openIoStore } from '../../src/io/open-store.ts'
import {
  closeSession,
  land,
  makeDirectory,
  move,
  openSession,
  OPTIONS,
  opfsTree,
  put,
  SimulatedOpfs,
  sync,
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
    expect(opfsTree(session.opfs)).toEqual([])
    await land(session)
    expect(opfsTree(session.opfs)).toEqual(['/b: two', '/d/', '/d/a: one'])
    await closeSession(session)
    const again = await openSession(session.opfs)
    expect(treeOf(again.vfs)).toEqual(['/b: two', '/d/', '/d/a: one'])
  })

  it('does not lie within another one', async () => {
    const session = await openSession(new SimulatedOpfs())
    const inner = openSession(session.opfs, { name: 'store/a/b' })
    await expect(inner).rejects.toThrow(/^EINVAL.*within the store 'store'/)
    await closeSession(session)
    expect(opfsTree(session.opfs)).toEqual([])
    await closeSession(await openSession(session.opfs, { name: 'beside/b' }))
    await closeSession(await openSession(session.opfs, { name: 'beside/c' }))
  })

  it('keeps nothing of a file that dies before it is committed', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', 'one')
    unlink(session.vfs, '/a')
    await session.vfs.sync()
    await session.flush()
    expect(opfsTree(session.opfs)).toEqual([])
    expect(session.store.stats().handles).toBe(3)
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
    await land(session)
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

  it('opens no file while it commits many small ones, and flushes twice', async () => {
    const session = await openSession(new SimulatedOpfs())
    await sync(session)
    const calls: Call[] = []
    session.opfs.watcher.fault = (call) => {
      calls.push(call)
      return undefined
    }
    for (let index = 0; index < 50; index++) put(session.vfs, `/f${index}`, `file ${index}`)
    await session.vfs.sync()
    await session.flush()
    expect(calls.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'write store/.wasm-vfs/journal',
      'write store/.wasm-vfs/log-a.jsonl',
      'flush store/.wasm-vfs/journal',
      'flush store/.wasm-vfs/log-a.jsonl',
    ])
  })

  it('journals what an fsync finds changed in all small files', async () => {
    const session = await openSession(new SimulatedOpfs())
    for (let index = 0; index < 20; index++) put(session.vfs, `/f${index}`, `file ${index}`)
    await sync(session)
    const before = session.store.stats().flushes!
    for (let index = 0; index < 20; index++) {
      session.vfs.write(walk(session.vfs, `/f${index}`), new Uint8Array([65]), 0)
    }
    for (let index = 0; index < 20; index++) session.vfs.fsync(walk(session.vfs, `/f${index}`))
    await session.flush()
    expect(session.store.stats().flushes).toBe(before + 1)
    const after = await openSession(new SimulatedOpfs({ image: session.opfs.image() }))
    expect(
      treeOf(after.vfs).every((line) => line.endsWith(`: A${line.split(': ')[1]!.slice(1)}`)),
    ).toBe(true)
  })

  it('puts aside what other code has put in the way of a new file', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', 'mine')
    await sync(session)
    const directory = await session.opfs.root.getDirectoryHandle('store')
    const foreign = await directory.getFileHandle('a', { create: true })
    const handle = await openAccessHandle(foreign, { path: foreign.name })
    handle.write(new TextEncoder().encode('foreign'), { at: 0 })
    handle.close()
    await land(session)
    expect(opfsTree(session.opfs)).toEqual(['/a.other-1: foreign', '/a: mine'])
  })

  it('opens ahead what was used first, once it had a name', async () => {
    const session = await openSession(new SimulatedOpfs())
    const [read, written] = ['/read', '/written', '/untouched'].map((path) =>
      put(session.vfs, path, path),
    )
    await sync(session)
    await session.store.read(read!, new Uint8Array(1), 0)
    session.vfs.write(written!, new Uint8Array(1), 0)
    await closeSession(session)
    const again = await openIoStore(OPTIONS, { directory: session.opfs.root })
    expect(again.store.stats().handles).toBe(3)
    await again.store.openAhead()
    expect(again.store.stats().handles).toBe(5)
    expect(again.store.read(read!, new Uint8Array(1), 0)).toBe(undefined)
    expect(again.store.read(written!, new Uint8Array(1), 0)).toBe(undefined)
    await again.store.close(true)
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
