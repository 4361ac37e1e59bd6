// Space: a full disk says so in the call that wants more, and a session that frees what it takes does
// not grow.

import { VfsError } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import {
  Disks,
  judge,
  judgeOpen,
  Session,
  SimulatedWorld,
  START,
  type StoreOptions,
  type VfsProgram,
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

  const strategy = opfsAhp.tree
  const sessionOn = async (
    opfs: SimulatedOpfs,
    program: VfsProgram,
    workload: Workload,
    { stamp = 0, isFull = false } = {},
  ): Promise<Session> => {
    const session = new Session(opfs, program, program.observe(), {
      workload,
      world,
      level,
      stamp,
      strategy,
      open: () => opfsAhp.open(opfs, OPTIONS),
      hasFailed: isFull ? () => true : undefined,
    })
    await session.run()
    return session
  }

  it('says ENOSPC when a file wants to grow, never when it is synced, and loses nothing', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const program = await opfsAhp.open(opfs, OPTIONS)
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
    const session = await sessionOn(opfs, program, workload, { isFull: true })
    expect(session.failures.length).toBeGreaterThan(5)
    for (const { operation, error } of session.failures) {
      expect(error.code).toBe('ENOSPC')
      expect(workload[operation - 1]![0]).toMatch(/append|truncate/)
    }
    expect(judgeOpen(session.history, program.observe(), strategy)).toEqual([])
    opfs.kill()

    const reopened = new SimulatedOpfs({ image: opfs.image() })
    const again = await opfsAhp.open(reopened, OPTIONS)
    const moment = { operation: session.history.operation, done: true }
    const { windowMs } = opfsAhp
    const circumstances = { moment, crash: 'kill', windowMs, strategy } as const
    expect(judge(session.history, again.observe(), circumstances)).toEqual([])
    await again.vfs.close()
    expect(await opfsAhp.check(reopened.image())).toEqual([])
  })

  it('does not grow while files come and go', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const program = await opfsAhp.open(opfs, OPTIONS)
    const { vfs } = program
    const round: Workload = [
      ['create', '/x'],
      ['append', '/x', 3000],
      ['append', '/x', 200_000],
      ['create', '/wide'],
      ['truncate', '/wide', 1_200_000],
      ['append', '/wide', 50_000],
      // Nothing is ever written to it.
      ['create', '/sparse'],
      ['truncate', '/sparse', 500_000],
      ['sync'],
      ['unlink', '/sparse'],
      ['truncate', '/x', 100],
      ['append', '/x', 1_500_000],
      ['fsync', '/x'],
      ['unlink', '/x'],
      ['unlink', '/wide'],
      ['sync'],
    ]
    const sizes: number[] = []
    for (let count = 0; count < 12; count++) {
      const session = await sessionOn(opfs, program, round, { stamp: count * 1000 })
      expect(judgeOpen(session.history, program.observe(), strategy)).toEqual([])
      sizes.push((await bytesOf(opfs.root)) / 1_000_000)
    }
    expect(sizes.at(-1)).toBeLessThan(sizes[3]! + 0.3)
    await vfs.close()
    expect(await opfsAhp.check(opfs.image())).toEqual([])
  })

  it('goes on after a full disk has room again', async () => {
    const opfs = new SimulatedOpfs({ image: await disks.get('small') })
    const program = await opfsAhp.open(opfs, OPTIONS)
    const { vfs } = program
    opfs.quota = await bytesOf(opfs.root)
    const filling: Workload = [
      ['create', '/x'],
      ['append', '/x', 900_000],
      ['fsync', '/x'],
    ]
    const full = await sessionOn(opfs, program, filling, { isFull: true })
    for (const { error } of full.failures) expect(error).toBeInstanceOf(VfsError)
    expect(full.failures.map(({ error }) => error.code)).toContain('ENOSPC')
    opfs.quota = Infinity
    const growing: Workload = [['append', '/x', 900_000], ['fsync', '/x'], ['sync']]
    const roomy = await sessionOn(opfs, program, growing, { stamp: 1000 })
    expect(judgeOpen(roomy.history, program.observe(), strategy)).toEqual([])
    await vfs.close()
    expect(await opfsAhp.check(opfs.image())).toEqual([])
  })
})
