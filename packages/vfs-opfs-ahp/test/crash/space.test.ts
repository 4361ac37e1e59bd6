// Space: a full disk says so in the call that wants more, and a session that frees what it takes does
// not grow.

import { VfsError } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import {
  Disks,
  judge,
  judgeOpen,
  observe,
  Session,
  SimulatedWorld,
  START,
  type StoreOptions,
  type Workload,
} from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { target as opfsAhp } from './target.ts'

const OPTIONS: StoreOptions = { level: 'strict', cacheBytes: 16_777_216 }

/** Bytes of all files of the store. */
async function bytesOf(directory: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0
  for await (const handle of directory.values()) {
    if (handle.kind === 'directory') bytes += await bytesOf(handle)
    else bytes += (await handle.getFile()).size
  }
  return bytes
}

describe('opfs-ahp and space', () => {
  const level = 'strict'
  let world: SimulatedWorld
  let disks: Disks
  beforeEach(() => {
    world = new SimulatedWorld(1, START)
    world.enter()
    disks = new Disks(opfsAhp, world)
  })
  afterEach(() => world.leave())

  it('says ENOSPC when a file wants to grow, never when it is synced, and loses nothing', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const vfs = await opfsAhp.open(opfs, OPTIONS)
    opfs.quota = (await bytesOf(opfs.root)) + 700_000
    const workload: Workload = [
      ['create', '/x'],
      ...Array.from(
        { length: 20 },
        () =>
          [
            ['append', '/x', 70_000],
            ['fsync', '/x'],
          ] as const,
      ).flat(),
      ['truncate', '/a', 900_000],
      ['append', '/b', 100],
      ['sync'],
    ]
    const session = new Session(opfs, vfs, observe(vfs), {
      workload,
      world,
      level,
      stamp: 0,
      faulty: true,
    })
    await session.run()
    expect(session.failures.length).toBeGreaterThan(5)
    for (const { operation, error } of session.failures) {
      expect(error.code).toBe('ENOSPC')
      expect(workload[operation - 1]![0]).toMatch(/append|truncate/)
    }
    expect(judgeOpen(session.history, observe(vfs))).toEqual([])
    opfs.kill()

    const reopened = new SimulatedOpfs({ image: opfs.image() })
    const again = await opfsAhp.open(reopened, OPTIONS)
    const moment = { operation: session.history.operation, done: true }
    expect(judge(session.history, observe(again), moment, 'kill', opfsAhp.windowMs)).toEqual([])
    await again.close()
    expect(await opfsAhp.check(reopened.image())).toEqual([])
  })

  it('does not grow while files come and go', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const vfs = await opfsAhp.open(opfs, OPTIONS)
    const round: Workload = [
      ['create', '/x'],
      ['append', '/x', 3000],
      ['append', '/x', 200_000],
      ['create', '/wide'],
      ['truncate', '/wide', 1_200_000],
      ['append', '/wide', 50_000],
      ['sync'],
      ['truncate', '/x', 100],
      ['append', '/x', 1_500_000],
      ['fsync', '/x'],
      ['unlink', '/x'],
      ['unlink', '/wide'],
      ['sync'],
    ]
    const sizes: number[] = []
    for (let count = 0; count < 12; count++) {
      const session = new Session(opfs, vfs, observe(vfs), {
        workload: round,
        world,
        level,
        stamp: count * 1000,
      })
      await session.run()
      expect(judgeOpen(session.history, observe(vfs))).toEqual([])
      sizes.push((await bytesOf(opfs.root)) / 1_000_000)
    }
    expect(sizes.at(-1)).toBeLessThan(sizes[3]! + 0.3)
    await vfs.close()
    expect(await opfsAhp.check(opfs.image())).toEqual([])
  })

  it('goes on after a full disk has room again', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const vfs = await opfsAhp.open(opfs, OPTIONS)
    opfs.quota = await bytesOf(opfs.root)
    const full = new Session(opfs, vfs, observe(vfs), {
      workload: [
        ['create', '/x'],
        ['append', '/x', 900_000],
        ['fsync', '/x'],
      ],
      world,
      level,
      stamp: 0,
      faulty: true,
    })
    await full.run()
    for (const { error } of full.failures) expect(error).toBeInstanceOf(VfsError)
    expect(full.failures.map(({ error }) => error.code)).toContain('ENOSPC')
    opfs.quota = Infinity
    const roomy = new Session(opfs, vfs, observe(vfs), {
      workload: [['append', '/x', 900_000], ['fsync', '/x'], ['sync']],
      world,
      level,
      stamp: 1000,
    })
    await roomy.run()
    expect(judgeOpen(roomy.history, observe(vfs))).toEqual([])
    await vfs.close()
    expect(await opfsAhp.check(opfs.image())).toEqual([])
  })
})
