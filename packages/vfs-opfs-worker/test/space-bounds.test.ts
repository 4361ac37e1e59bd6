// What a store uses of OPFS is bounded by what is live in it: random sequences over the simulation.

import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { runSpace, type SpacePort } from '@wasm-vfs/core/testing/space'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fewestHandles, openPort, type Port, type PortOptions } from './crash/port.ts'

const STEPS = 800
const MIB = 1024 * 1024
/** What every backend may have, and the redo log. */
const SYNCED_MORE_BYTES = (64 + 32) * MIB

let world: SimulatedWorld
beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

function portOf(opfs: SimulatedOpfs, options: PortOptions): SpacePort {
  const sum = (wanted: (path: string) => boolean): number =>
    [...opfs.sizes()].reduce((bytes, [path, size]) => bytes + (wanted(path) ? size : 0), 0)
  let port: Port
  return {
    async open() {
      port = await openPort(opfs, options)
      return port.vfs
    },
    usedBytes: () => sum(() => true),
    logBytes: () => sum((path) => path.includes('/.wasm-vfs/log-')),
    syncedMoreBytes: SYNCED_MORE_BYTES,
    async idle(ms) {
      await port.call(() => world.advance(ms))
      await port.wake()
    },
    call: (operation) => port.call(operation),
  }
}

const OPTIONS: readonly PortOptions[] = [
  { durability: 'strict' },
  { durability: 'relaxed', maxHandles: fewestHandles() },
]

it.each(OPTIONS.flatMap((options) => [4, 8].map((seed) => [seed, options] as const)))(
  'uses no more than what is live allows (seed %i, %o)',
  { timeout: 120_000 },
  async (seed, options) => {
    const opfs = new SimulatedOpfs({ now: () => world.now })
    const { usedMax, liveMax } = await runSpace(portOf(opfs, options), seed, STEPS)
    expect(liveMax).toBeGreaterThan(32 * MIB)
    expect(usedMax).toBeGreaterThan(0)
  },
)
