// Each sync is one transaction: all of it is on storage or nothing, and what a sync does not cover waits
// for the next.

import { ROOT_INO } from '@wasm-vfs/core'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'
import { describe, expect, it } from 'vitest'
import { CHUNK_SIZE } from '../src/layout.ts'
import { terminatedWorkersLetGo } from './engines.ts'
import { chunksOf, withStore } from './raw.ts'
import type { RoundsRequest } from './rounds.worker.ts'
import { stateOf } from './rounds.ts'

const KILLS = 8
const KILL_DEADLINE_MS = 20_000

describe.runIf(terminatedWorkersLetGo)('a worker terminated in the middle of syncs', () => {
  it(`leaves exactly the state of one of its syncs, none older than the last acknowledged, ${KILLS} times`, async () => {
    const states = new Set<number>()
    for (let kill = 0; kill < KILLS; kill++) {
      const name = `atomic-killed-${kill}`
      const acknowledged = await killAfter(name, 2 + kill, kill)
      // The browser gives the dead worker's lock back a moment later.
      const vfs = await openIdb(name, { wait: AbortSignal.timeout(KILL_DEADLINE_MS) })
      const { name: round, words } = stateOf(vfs)
      expect(words).toEqual([round])
      expect(round).toBeGreaterThanOrEqual(acknowledged)
      states.add(round)
      await vfs.close()
      await deleteIdb(name)
    }
    expect(states.size).toBeGreaterThan(1)
  })
})

/** Kills the worker some milliseconds after so many rounds; answers with the last acknowledged. */
async function killAfter(name: string, rounds: number, delayMs: number): Promise<number> {
  const channel = `${name}-rounds`
  const announcements = new BroadcastChannel(channel)
  const worker = new Worker(new URL('./rounds.worker.ts', import.meta.url), { type: 'module' })
  let last = 0
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no rounds')), KILL_DEADLINE_MS)
    announcements.onmessage = ({ data }: MessageEvent<number>) => {
      last = data
      if (data !== rounds) return
      clearTimeout(timer)
      setTimeout(resolve, delayMs)
    }
    const argument: RoundsRequest = { name, channel }
    worker.postMessage({ id: 1, task: 'run', argument })
  })
  worker.terminate()
  announcements.close()
  return last
}

describe('what a sync covers', () => {
  it('is the state at its start, whatever is written while its transaction is under way', () =>
    withStore('atomic-snapshot', async (vfs, again) => {
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      const before = new Uint8Array(40 * CHUNK_SIZE).fill(1)
      vfs.write(file, before, 0)
      await vfs.sync()
      vfs.write(file, before.fill(2), 0)
      // Five slices of eight MiB and more, so that tasks run between the requests.
      const large = vfs.create(ROOT_INO, 'large', 0o644)
      vfs.write(large, new Uint8Array(40 << 20).fill(2), 0)
      const progress = { finished: false }
      const syncing = vfs.sync().finally(() => (progress.finished = true))
      await new Promise((resolve) => setTimeout(resolve, 0))
      // Its turn comes after the transaction under way, and before any that is asked for when that has ended.
      const reading = chunksOf('atomic-snapshot')
      let writes = 0
      while (!progress.finished) {
        await new Promise((resolve) => setTimeout(resolve, 0))
        vfs.write(file, new Uint8Array(100).fill(3 + (writes % 100)), 7)
        // What the transaction takes last.
        vfs.write(large, new Uint8Array(100).fill(3), (5119 - (writes % 5000)) * CHUNK_SIZE)
        if (writes === 5) vfs.truncate(file, 100)
        writes++
      }
      await syncing
      expect(writes).toBeGreaterThan(5)
      const stored = await reading
      expect(stored.filter(({ bytes }) => bytes.some((byte) => byte !== 2))).toEqual([])
      expect(stored).toHaveLength(40 + 5120)
      const reopened = await again()
      expect(reopened.getattr(file).size).toBeGreaterThanOrEqual(100)
      const head = new Uint8Array(107)
      reopened.read(file, head, 0)
      expect([head[6], head[7]]).toEqual([2, 3 + ((writes - 1) % 100)])
    }))
})

describe('what a sync writes', () => {
  it('is the chunks that changed, and the same bytes again only when they are written again', () =>
    withStore('atomic-changed', async (vfs) => {
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      vfs.write(file, new Uint8Array(32 * CHUNK_SIZE).fill(1), 0)
      await vfs.sync()
      const { bytesWritten = 0, transactions = 0 } = vfs.stats()
      expect(bytesWritten).toBe(32 * CHUNK_SIZE)
      vfs.write(file, new Uint8Array(8192).fill(2), 5 * CHUNK_SIZE)
      await vfs.sync()
      expect(vfs.stats().bytesWritten).toBe(bytesWritten + CHUNK_SIZE)
      vfs.read(file, new Uint8Array(100), 0)
      await vfs.sync()
      expect(vfs.stats().transactions).toBe(transactions + 1)
    }))

  it('leaves out zero chunks, and removes those that became zero, were cut off or dropped', () =>
    withStore('atomic-zeros', async (vfs, again) => {
      const indexes = async (): Promise<number[]> =>
        (await chunksOf('atomic-zeros')).map(({ index }) => index)
      const file = vfs.create(ROOT_INO, 'file', 0o644)
      vfs.write(file, new Uint8Array(4 * CHUNK_SIZE), 0)
      vfs.write(file, Uint8Array.of(1), 4 * CHUNK_SIZE - 1)
      vfs.write(file, Uint8Array.of(1), 9 * CHUNK_SIZE)
      await vfs.sync()
      expect(await indexes()).toEqual([3, 9])
      vfs.write(file, new Uint8Array(CHUNK_SIZE), 3 * CHUNK_SIZE)
      await vfs.sync()
      expect(await indexes()).toEqual([9])
      vfs.write(file, Uint8Array.of(1), 0)
      vfs.truncate(file, CHUNK_SIZE + 1)
      vfs.write(file, Uint8Array.of(1), 2 * CHUNK_SIZE)
      await vfs.sync()
      expect(await indexes()).toEqual([0, 2])
      const reopened = await again()
      const read = new Uint8Array(2 * CHUNK_SIZE + 1)
      expect(reopened.read(file, read, 0)).toBe(read.length)
      expect(read.reduce((sum, byte) => sum + byte, 0)).toBe(2)
      reopened.unlink(ROOT_INO, 'file')
      await reopened.sync()
      expect(await indexes()).toEqual([])
    }))
})
