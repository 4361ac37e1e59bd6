// What a store uses of OPFS is bounded by what is live in it: random sequences over the simulation.

import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { runSpace, type SpacePort } from '@wasm-vfs/core/testing/space'
import { checkOpfsAhp, openOpfsAhp, type OpfsAhpOptions } from '@wasm-vfs/opfs-ahp'
import { afterEach, beforeEach, expect, it } from 'vitest'

const STEPS = 500

let world: SimulatedWorld
beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

function portOf(opfs: SimulatedOpfs, options: OpfsAhpOptions): SpacePort {
  const sum = (wanted: (path: string) => boolean): number =>
    [...opfs.sizes()].reduce((bytes, [path, size]) => bytes + (wanted(path) ? size : 0), 0)
  return {
    open: () => openOpfsAhp('store', { directory: opfs.root, ...options }),
    usedBytes: () => sum(() => true),
    logBytes: () => sum((path) => path.includes('/state-')),
    syncedMoreBytes: 64 * 1024 * 1024,
    idle: (ms) => world.advance(ms),
  }
}

const OPTIONS: readonly OpfsAhpOptions[] = [
  { durability: 'strict' },
  { durability: 'relaxed', maxHandles: 8, cacheBytes: 0 },
  { durability: 'strict', maxHandles: 8, cacheBytes: 300_000 },
]

it.each(OPTIONS.flatMap((options) => [1, 2].map((seed) => [seed, options] as const)))(
  'uses no more than what is live allows (seed %i, %o)',
  async (seed, options) => {
    const opfs = new SimulatedOpfs({ now: () => world.now })
    const { usedMax, liveMax } = await runSpace(portOf(opfs, options), seed, STEPS)
    expect(liveMax).toBeGreaterThan(32 * 1024 * 1024)
    expect(usedMax).toBeGreaterThan(0)
    const report = await checkOpfsAhp('store', { directory: opfs.root })
    expect(report).toMatchObject({ problems: [], closed: true })
  },
)
