// Handles that are not to be had, names that have not settled.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkOpfsAhp } from '../check.ts'
import { openOpfsAhp } from '../open.ts'
import { StateLog } from '../log/state-log.ts'
import { replay } from '../log/replay.ts'
import { FlushOrder } from './flush-order.ts'
import { newCounters } from '../storage/counters.ts'

const LARGE = 1024 * 1024

let world: SimulatedWorld
beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

function large(vfs: Vfs, name: string): void {
  const ino = vfs.create(ROOT_INO, name, 0o644)
  vfs.truncate(ino, LARGE)
  vfs.write(ino, new TextEncoder().encode(name), 0)
  vfs.fsync(ino)
}

function expectLarge(vfs: Vfs, names: readonly string[]): void {
  for (const name of names) {
    const bytes = new Uint8Array(name.length)
    vfs.read(vfs.lookup(ROOT_INO, name), bytes, 0)
    expect(new TextDecoder().decode(bytes)).toBe(name)
  }
}

/** No more than so many handles at a time, as where other stores hold the rest. */
function limitHandles(opfs: SimulatedOpfs, most: number): void {
  let open = 0
  opfs.watcher = {
    fault: ({ kind }) => {
      if (kind === 'close') open--
      if (kind !== 'createSyncAccessHandle') return undefined
      if (open >= most) return { throws: 'UnknownError' }
      open++
      return undefined
    },
  }
}

it('spares that cannot be made fail neither the open nor a sync, and those that can are kept', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  limitHandles(opfs, 5)
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  expect(vfs.stats()['handles']).toBe(5)
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) large(vfs, name)
  await vfs.sync()
  world.advance(11_000)
  await vfs.sync()
  limitHandles(opfs, Infinity)
  world.advance(11_000)
  await vfs.sync()
  expect(vfs.stats()['handles']).toBe(9)
  expectLarge(vfs, names)
  await vfs.close()
  const { problems } = await checkOpfsAhp('store', { directory: opfs.root })
  expect(problems).toEqual([])
})

it('a store opens with as few handles as it needs, whichever the browser refuses first', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const first = await openOpfsAhp('store', { directory: opfs.root })
  const names = ['a', 'b', 'c']
  for (const name of names) large(first, name)
  await first.close()
  for (const most of [6, 7]) {
    limitHandles(opfs, most)
    const vfs = await openOpfsAhp('store', { directory: opfs.root })
    expectLarge(vfs, names)
    large(vfs, `more-${most}`)
    names.push(`more-${most}`)
    await vfs.close()
  }
  limitHandles(opfs, 4)
  await expect(openOpfsAhp('store', { directory: opfs.root })).rejects.toThrow(/handles/)
  opfs.watcher = {}
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  expectLarge(vfs, names)
  await vfs.close()
})

it('no committed fact names a pool file that is younger than a minute and than the store', async () => {
  const opfs = new SimulatedOpfs({ now: () => world.now })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  for (let step = 0; step < 30; step++) {
    large(vfs, `file-${step}`)
    await vfs.sync()
    world.advance(10_000)
    // A clock that is set forward makes no name older.
    Date.now = () => world.now + step * 3_600_000
    const image = new SimulatedOpfs({ image: opfs.image() })
    const root = await image.root.getDirectoryHandle('store')
    const level = { current: 'strict' } as const
    const log = await StateLog.open({
      directory: root,
      counters: newCounters(),
      level,
      order: new FlushOrder(0),
    })
    const { placement } = replay(log)!
    for (const { serial, capacity } of placement.places.values()) {
      if (capacity > 0) continue
      const { born } = placement.files.get(serial)!
      expect(born === 0 || log.age - born >= 49_000).toBe(true)
    }
    await log.close(false)
  }
  await vfs.close()
})
