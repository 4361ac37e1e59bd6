// What goes down to the browser, and when.

import { ROOT_INO } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openOpfsAhp } from '../open.ts'

let world: SimulatedWorld
beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

it('a removal is one write to the log, and no flush', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  for (let each = 0; each < 20; each++) {
    vfs.write(vfs.create(ROOT_INO, `file-${each}`, 0o644), new Uint8Array(5000).fill(1), 0)
  }
  await vfs.sync()
  for (let each = 0; each < 20; each++) {
    const before = vfs.stats()
    vfs.unlink(ROOT_INO, `file-${each}`)
    const after = vfs.stats()
    const done = (['writes', 'flushes', 'truncates', 'commits'] as const).map(
      (of) => after[of]! - before[of]!,
    )
    expect(done).toEqual([1, 0, 0, 1])
  }
  await vfs.close()
})

it('a thousand files made in a row cost at most ten writes to the log', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  await vfs.sync()
  const before = vfs.stats()['commits']!
  for (let each = 0; each < 1000; each++) {
    vfs.write(vfs.create(ROOT_INO, `file-${each}`, 0o644), new Uint8Array(100).fill(1), 0)
  }
  world.advance(1000)
  expect(vfs.stats()['commits']! - before).toBeGreaterThan(0)
  expect(vfs.stats()['commits']! - before).toBeLessThanOrEqual(10)
  await vfs.close()
})

it('what was overwritten survives the tab once the program is idle, without a flush', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  const file = vfs.create(ROOT_INO, 'file', 0o644)
  vfs.write(file, new Uint8Array(5000).fill(1), 0)
  await vfs.sync()
  const { flushes } = vfs.stats()
  vfs.write(file, new Uint8Array(5000).fill(2), 0)
  world.advance(200)
  expect(vfs.stats()['flushes']).toBe(flushes)
  opfs.kill()
  const again = await openOpfsAhp('store', {
    directory: new SimulatedOpfs({ image: opfs.image() }).root,
  })
  const bytes = new Uint8Array(5000)
  again.read(again.lookup(ROOT_INO, 'file'), bytes, 0)
  expect(bytes.every((byte) => byte === 2)).toBe(true)
  await again.close()
})

it('a long overwrite is handed down as it goes, so that no more than cacheBytes are held', async () => {
  const cacheBytes = 512 * 1024
  const chunk = 256 * 1024
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const vfs = await openOpfsAhp('store', { directory: opfs.root, cacheBytes })
  const file = vfs.create(ROOT_INO, 'file', 0o644)
  const bytes = new Uint8Array(3_000_000)
  vfs.write(file, bytes.fill(1), 0)
  await vfs.sync()
  const before = vfs.stats()
  let held = 0
  opfs.watcher = {
    fault: ({ kind, path, length = 0 }) => {
      if (kind !== 'write' || !path.includes('/data/')) return undefined
      const now = vfs.stats()
      const copied = now['bytesCopied']! - before['bytesCopied']!
      held = Math.max(held, copied - (now['bytesWritten']! - before['bytesWritten']!), length)
      return undefined
    },
  }
  vfs.write(file, bytes.fill(2).subarray(100), 100)
  expect(held).toBeLessThanOrEqual(cacheBytes + chunk)
  expect(held).toBeGreaterThan(0)
  opfs.watcher = {}
  await vfs.close()
})
