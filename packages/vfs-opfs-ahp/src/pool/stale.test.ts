// What a clean close leaves unzeroed, and what the next session makes of it.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { expect, it } from 'vitest'
import { checkOpfsAhp } from '../check.ts'
import { openOpfsAhp } from '../open.ts'

const FILE = 40_000

function fill(vfs: Vfs, name: string, value: number): number {
  const ino = vfs.create(ROOT_INO, name, 0o644)
  vfs.write(ino, new Uint8Array(FILE).fill(value), 0)
  return ino
}

/** A store in which ten files were removed in the last moment, closed. */
async function closedStore(): Promise<{ opfs: SimulatedOpfs; flushes(): number }> {
  const opfs = new SimulatedOpfs()
  let flushes = 0
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  for (let each = 0; each < 10; each++) fill(vfs, `removed-${each}`, 1)
  const kept = fill(vfs, 'kept', 2)
  await vfs.sync()
  for (let each = 0; each < 10; each++) vfs.unlink(ROOT_INO, `removed-${each}`)
  opfs.watcher = { changed: ({ kind }) => void (kind === 'flush' && flushes++) }
  vfs.fsync(kept)
  await vfs.close()
  opfs.watcher = {}
  return { opfs, flushes: () => flushes }
}

it('a close does not zero what was freed, and flushes no more than the log and the mark beside it', async () => {
  const { opfs, flushes } = await closedStore()
  expect(flushes()).toBe(2)
  const report = await checkOpfsAhp('store', { directory: opfs.root })
  expect(report).toMatchObject({ problems: [], closed: true })
  expect(report.freeBytes).toBeGreaterThan(10 * FILE)
})

it('a file that takes freed space reads as zeros where nothing was written', async () => {
  const { opfs } = await closedStore()
  for (let session = 0; session < 3; session++) {
    const vfs = await openOpfsAhp('store', { directory: opfs.root })
    for (let each = 0; each < 3; each++) {
      const ino = vfs.create(ROOT_INO, `sparse-${session}-${each}`, 0o644)
      vfs.truncate(ino, FILE)
      vfs.write(ino, new Uint8Array([3]), FILE - 1)
      const bytes = new Uint8Array(FILE)
      expect(vfs.read(ino, bytes, 0)).toBe(FILE)
      expect(bytes.findIndex((byte) => byte !== 0)).toBe(FILE - 1)
    }
    await vfs.close()
    const { problems } = await checkOpfsAhp('store', { directory: opfs.root })
    expect(problems).toEqual([])
  }
})

it('a file that could not be extended into freed space leaves its neighbours alone', async () => {
  const HALF = 512 * 1024
  const opfs = new SimulatedOpfs()
  const first = await openOpfsAhp('store', { directory: opfs.root })
  for (const [value, name] of ['grows', 'freed', 'other'].entries()) {
    const ino = first.create(ROOT_INO, name, 0o644)
    first.write(ino, new Uint8Array(HALF).fill(value + 1), 0)
  }
  await first.sync()
  first.unlink(ROOT_INO, 'freed')
  await first.close()

  // Without a cache the zeros over what is left of `freed` go down at once.
  const vfs = await openOpfsAhp('store', { directory: opfs.root, cacheBytes: 0 })
  opfs.watcher = {
    fault: ({ kind, path }) =>
      kind === 'write' && path.includes('/data/') ? { throws: 'QuotaExceededError' } : undefined,
  }
  const grows = vfs.lookup(ROOT_INO, 'grows')
  expect(() => vfs.write(grows, new Uint8Array([9]), 1_000_000)).toThrow(/ENOSPC/)
  opfs.watcher = {}

  const neighbour = vfs.create(ROOT_INO, 'neighbour', 0o644)
  vfs.write(neighbour, new Uint8Array(HALF).fill(7), 0)
  await vfs.sync()
  // Enough is freed now to be zeroed.
  for (const name of ['grows', 'other']) vfs.unlink(ROOT_INO, name)
  await vfs.sync()
  await vfs.sync()
  const bytes = new Uint8Array(HALF)
  vfs.read(neighbour, bytes, 0)
  expect(bytes.findIndex((byte) => byte !== 7)).toBe(-1)
  await vfs.close()
  const { problems } = await checkOpfsAhp('store', { directory: opfs.root })
  expect(problems).toEqual([])
})
