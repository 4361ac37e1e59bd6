// Relaxed durability: flushes are put off, in order, and performed when their deadline passes.

import { walk } from '@wasm-vfs/core'
import type { Call } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openIoStore } from '../../src/io/open-store.ts'
import {
  land,
  openSession,
  OPTIONS,
  put,
  SimulatedOpfs,
  sync,
  type SimulatedSession,
} from './harness.ts'

const WINDOW_MS = 500
/** Every file is a large one. */
const IN_PLACE = { smallMax: 0 }

let session: SimulatedSession

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  session = await openSession(
    new SimulatedOpfs(),
    { durability: 'relaxed', windowMs: WINDOW_MS },
    { limits: IN_PLACE },
  )
  put(session.vfs, '/log', new Uint8Array(100_000))
  put(session.vfs, '/table', new Uint8Array(100_000))
  await sync(session)
  await land(session)
  vi.advanceTimersByTime(WINDOW_MS)
  await session.store.tick()
})

afterEach(() => {
  vi.useRealTimers()
})

const flushes = (): number => session.store.stats().flushes!

/** A page of a file, with an fsync. */
async function commit(path: string, page: number): Promise<void> {
  const { vfs } = session
  vfs.write(walk(vfs, path), new Uint8Array(8192).fill(page + 1), page * 8192)
  vfs.fsync(walk(vfs, path))
  await session.flush()
}

describe('a relaxed fsync', () => {
  it('costs no flush while the file goes forward, and one when the window ends', async () => {
    await commit('/log', 0)
    const before = flushes()
    for (let page = 1; page < 5; page++) await commit('/log', page)
    expect(flushes()).toBe(before)
    expect(session.store.nextDeadline()).toBe(performance.now() + WINDOW_MS)
    vi.advanceTimersByTime(WINDOW_MS)
    await session.store.tick()
    expect(flushes()).toBe(before + 1)
    expect(session.store.nextDeadline()).toBeUndefined()
  })

  it('is performed before another file is written, and before the file goes back', async () => {
    await commit('/table', 0)
    await commit('/log', 3)
    const before = flushes()
    await commit('/table', 1)
    expect(flushes()).toBe(before + 1)
    await commit('/log', 4)
    await commit('/log', 2)
    expect(flushes()).toBe(before + 3)
  })

  it('is performed when its deadline has passed, though no timer runs', async () => {
    await commit('/log', 0)
    const before = flushes()
    vi.advanceTimersByTime(WINDOW_MS)
    await commit('/log', 1)
    expect(flushes()).toBe(before + 1)
  })

  it('is performed before a batch is committed', async () => {
    await commit('/log', 0)
    const before = flushes()
    put(session.vfs, '/new', '')
    await sync(session)
    expect(flushes()).toBeGreaterThan(before)
    expect(session.store.nextDeadline()).toBe(performance.now() + WINDOW_MS)
  })
})

describe('a relaxed fsync of a small file', () => {
  beforeEach(async () => {
    session = await openSession(new SimulatedOpfs(), { durability: 'relaxed', windowMs: WINDOW_MS })
    put(session.vfs, '/log', new Uint8Array(50_000))
    put(session.vfs, '/table', new Uint8Array(50_000))
    await sync(session)
    vi.advanceTimersByTime(WINDOW_MS)
    await session.store.tick()
  })

  it('is handed down, and flushed when the window ends', async () => {
    const before = flushes()
    for (let page = 0; page < 5; page++) {
      await commit('/log', page)
      await commit('/table', page)
    }
    expect(flushes()).toBe(before)
    const killed = await openSession(new SimulatedOpfs({ image: session.opfs.image() }))
    const bytes = new Uint8Array(8192)
    killed.vfs.read(walk(killed.vfs, '/table'), bytes, 4 * 8192)
    expect(bytes.every((byte) => byte === 5)).toBe(true)
    vi.advanceTimersByTime(WINDOW_MS)
    await session.store.tick()
    expect(flushes()).toBe(before + 1)
    expect(session.store.nextDeadline()).toBeUndefined()
  })
})

describe('an open after a session that did not close', () => {
  it('has put on storage what that left unflushed', async () => {
    await commit('/log', 0)
    const opfs = new SimulatedOpfs({ image: session.opfs.image() })
    const calls: Call[] = []
    opfs.watcher.changed = (call) => calls.push(call)
    const again = await openIoStore(
      { ...OPTIONS, durability: 'relaxed', windowMs: WINDOW_MS },
      { directory: opfs.root, limits: IN_PLACE },
    )
    const flushed = (): string[] =>
      calls.splice(0).flatMap(({ kind, path }) => (kind === 'flush' ? path : []))
    const ofProgram = (path: string): boolean => !path.includes('.wasm-vfs')
    expect(flushed().filter(ofProgram)).toEqual(['store/log'])
    await again.store.close(true)
    calls.length = 0
    await openIoStore(OPTIONS, { directory: opfs.root })
    expect(flushed()).toEqual([])
  })
})

describe('a flush that fails', () => {
  it('is final for its file until the store is opened again', async () => {
    const { vfs, store, opfs } = session
    const log = walk(vfs, '/log')
    await commit('/log', 0)
    opfs.watcher.fault = ({ kind, path }) =>
      kind === 'flush' && path.endsWith('log') ? { losesChanges: true } : undefined
    vi.advanceTimersByTime(WINDOW_MS)
    expect(() => store.tick()).toThrow(/EIO/)
    opfs.watcher.fault = () => undefined
    expect(store.nextDeadline()).toBeUndefined()
    expect(() => store.fsync(log)).toThrow(/EIO.*reopen the store/)
    expect(() => store.write(log, new Uint8Array(1), 0, 100_000)).toThrow(/EIO/)
    await expect(store.close(true)).rejects.toThrow(/EIO/)
    const again = await openIoStore(OPTIONS, { directory: opfs.root })
    await again.store.write(log, new Uint8Array(1), 0, 100_000)
    await again.store.fsync(log)
  })

  it.each(['journal', 'log-a.jsonl', 'table'])(
    'makes the close fail, which leaves no mark of a clean one (%s)',
    async (name) => {
      const small = await openSession(new SimulatedOpfs(), { durability: 'relaxed' })
      for (const { vfs, store, flush, opfs } of [name === 'table' ? session : small]) {
        await sync({ vfs, store, flush, facts: [] })
        put(vfs, '/a', 'a')
        await sync({ vfs, store, flush, facts: [] })
        if (name === 'table') await commit('/table', 0)
        opfs.watcher.fault = ({ kind, path }) =>
          kind === 'flush' && path.endsWith(name) ? { losesChanges: true } : undefined
        vi.advanceTimersByTime(WINDOW_MS)
        expect(() => store.tick()).toThrow(/EIO/)
        opfs.watcher.fault = () => undefined
        await expect(store.close(true)).rejects.toThrow(/EIO/)
        const directory = await opfs.root.getDirectoryHandle('store')
        const own = await directory.getDirectoryHandle('.wasm-vfs')
        for (const log of ['log-a.jsonl', 'log-b.jsonl']) {
          const text = await (await (await own.getFileHandle(log)).getFile()).text()
          expect(text.trimEnd().split('\n').at(-1)).not.toContain('"closed"')
        }
      }
    },
  )
})
