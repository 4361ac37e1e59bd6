// What an open says of a store of which something is missing: names that a power cut has taken back, after a
// clean close as after a kill, a log that is gone, a log that ends too early.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import { PowerLoss, type DirectoryImage } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  closeSession,
  land,
  makeDirectory,
  move,
  openSession,
  opfsTree,
  put,
  SimulatedOpfs,
  sync,
  treeOf,
  unlink,
  walk,
  type SimulatedSession,
} from './harness.ts'

const SETTLING_MS = 60_000
const WAIT_MS = 5000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A store whose own files have settled, with settled files /old and /kept. */
async function settledStore(): Promise<SimulatedOpfs> {
  const opfs = new SimulatedOpfs()
  const session = await openSession(opfs)
  put(session.vfs, '/old', 'old')
  put(session.vfs, '/kept', 'kept')
  await sync(session)
  await land(session)
  vi.advanceTimersByTime(2 * SETTLING_MS)
  await closeSession(session)
  return opfs
}

/** The earliest that a power cut at this moment may leave: every unsettled name is as it was. */
function cut(opfs: SimulatedOpfs, settlingMs: number = SETTLING_MS): SimulatedOpfs {
  const loss = new PowerLoss(opfs.image(), { now: Date.now(), settlingMs })
  return new SimulatedOpfs({ image: loss.state(loss.counts.map(() => 0)) })
}

async function closedAfter(work: (session: SimulatedSession) => unknown): Promise<SimulatedOpfs> {
  const opfs = await settledStore()
  const session = await openSession(opfs)
  await work(session)
  await closeSession(session)
  return opfs
}

describe('a power cut soon after a clean close', () => {
  it('is told from a removal: the open names what is missing, and goes on when told to', async () => {
    const opfs = await closedAfter(({ vfs }) => {
      makeDirectory(vfs, '/d')
      put(vfs, '/d/new', 'new')
      put(vfs, '/new', 'new')
    })
    vi.advanceTimersByTime(WAIT_MS)
    const after = cut(opfs)
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openSession(after)).rejects.toThrow(/^EIO.*missing: d, d\/new, new;/)
    }
    const again = await openSession(after, { acceptMissing: true })
    expect(treeOf(again.vfs)).toEqual(['/kept: kept', '/old: old'])
    await closeSession(again)
    await closeSession(await openSession(after))
  })

  it('also after another session that was short', async () => {
    const opfs = await closedAfter(({ vfs }) => put(vfs, '/new', 'new'))
    const session = await openSession(opfs)
    for (let round = 0; round < 300; round++) {
      session.vfs.setattr(walk(session.vfs, '/kept'), { mtime: round })
      put(session.vfs, '/x', 'x'.repeat(3000))
      unlink(session.vfs, '/x')
      await sync(session)
    }
    await closeSession(session)
    await expect(openSession(cut(opfs))).rejects.toThrow(/^EIO.*missing: new;/)
  })

  it('takes nothing once the store has been open for the settling time', async () => {
    const opfs = await closedAfter(async (session) => {
      put(session.vfs, '/new', 'new')
      await sync(session)
      await land(session)
      vi.advanceTimersByTime(SETTLING_MS)
    })
    const directory = await opfs.root.getDirectoryHandle('store')
    await directory.removeEntry('new')
    expect(treeOf((await openSession(opfs)).vfs)).toEqual(['/kept: kept', '/old: old'])
  })

  it('is not hidden by a clock that is set forward', async () => {
    const opfs = await closedAfter(async (session) => {
      put(session.vfs, '/new', 'new')
      await sync(session)
      await land(session)
      vi.setSystemTime(Date.now() + 10 * SETTLING_MS)
      put(session.vfs, '/newer', 'newer')
    })
    await expect(openSession(cut(opfs, 11 * SETTLING_MS))).rejects.toThrow(/missing: new, newer;/)
  })

  it('a replacement that was taken back is no change of other code, and is not accepted at the second open', async () => {
    const opfs = await closedAfter(({ vfs }) => {
      put(vfs, '/new', 'longer than before')
      move(vfs, '/new', '/old')
    })
    vi.advanceTimersByTime(WAIT_MS)
    const after = cut(opfs)
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(openSession(after)).rejects.toThrow(/^EIO.*a power cut has taken back.*: old;/)
    }
    const again = await openSession(after, { acceptMissing: true })
    expect(treeOf(again.vfs)).toEqual(['/kept: kept', '/old: old'])
  })

  it('a move that was taken back is made again, and counts as young again', async () => {
    const opfs = await closedAfter(({ vfs }) => move(vfs, '/old', '/moved'))
    vi.advanceTimersByTime(WAIT_MS)
    const after = cut(opfs)
    const again = await openSession(after)
    expect(treeOf(again.vfs)).toEqual(['/kept: kept', '/moved: old'])
    await closeSession(again)
    expect(opfsTree(after)).toEqual(['/kept: kept', '/moved: old'])
    expect(treeOf((await openSession(cut(after))).vfs)).toEqual(['/kept: kept', '/moved: old'])
  })

  it('is not suspected of what other code has put where a file was', async () => {
    const opfs = await closedAfter(({ vfs }) => move(vfs, '/old', '/moved'))
    vi.advanceTimersByTime(WAIT_MS)
    const directory = await opfs.root.getDirectoryHandle('store')
    const file = await directory.getFileHandle('old', { create: true })
    const handle = await openAccessHandle(file, { path: file.name })
    handle.write(new TextEncoder().encode('NEW'), { at: 0 })
    handle.close()
    // The simulation keeps no times of files.
    const files = Object.getPrototypeOf(file) as FileSystemFileHandle
    vi.spyOn(files, 'getFile').mockResolvedValue(
      new File(['NEW'], 'old', { lastModified: Date.now() }),
    )
    const again = await openSession(opfs)
    vi.restoreAllMocks()
    expect(treeOf(again.vfs)).toEqual(['/kept: kept', '/moved: old', '/old: NEW'])
  })
})

describe('a store whose log is gone', () => {
  const lose = async (opfs: SimulatedOpfs, how: 'removed' | 'emptied'): Promise<void> => {
    const store = await opfs.root.getDirectoryHandle('store')
    const own = await store.getDirectoryHandle('.wasm-vfs')
    for (const name of ['log-a.jsonl', 'log-b.jsonl']) {
      if (how === 'removed') await own.removeEntry(name)
      else {
        const handle = await openAccessHandle(await own.getFileHandle(name), { path: name })
        handle.truncate(0)
        handle.close()
      }
    }
  }
  const shape = (image: DirectoryImage): unknown => {
    const { root } = new SimulatedOpfs({ image })
    return shapeOf(root)
  }
  const shapeOf = async (directory: FileSystemDirectoryHandle): Promise<string[]> => {
    const lines: string[] = []
    for await (const [name, handle] of directory.entries()) {
      lines.push(name)
      if (handle.kind === 'directory') lines.push(...(await shapeOf(handle)))
      else lines.push(`${(await handle.getFile()).size} bytes`)
    }
    return lines
  }

  it.each([
    ['removed', 'the journal', {}],
    ['emptied', 'the journal', {}],
    ['removed', 'staging', { smallMax: 0 }],
    ['emptied', 'staging', { smallMax: 0 }],
  ] as const)('%s, with %s there, is damaged or never settled', async (how, _, limits) => {
    const opfs = new SimulatedOpfs()
    const session = await openSession(opfs, {}, { limits })
    put(session.vfs, '/a', 'a')
    await sync(session)
    const killed = new SimulatedOpfs({ image: opfs.image() })
    await lose(killed, how)
    const before = await shape(killed.image())
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openSession(killed)).rejects.toThrow(/^EIO.*never settled/)
    }
    expect(await shape(killed.image())).toEqual(before)
  })
})
