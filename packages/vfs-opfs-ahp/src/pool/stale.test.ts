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

it('a close does not zero what was freed, and flushes once', async () => {
  const { opfs, flushes } = await closedStore()
  expect(flushes()).toBe(1)
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
