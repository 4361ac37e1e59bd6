// What is handed down without an acknowledgement: a kill keeps it, it costs no flush, and a power cut takes all
// of a batch or none.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import { ROOT_INO } from '@wasm-vfs/core'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import {
  PowerLoss,
  SeededRandom,
  selections,
  SimulatedOpfs,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPort, type Port, type PortOptions } from '../crash/port.ts'

let world: SimulatedWorld

beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

const LIMITS = { exhaustiveMax: 24, samples: 40 }

async function write({ vfs, call }: Port, name: string, text: string, at = 0): Promise<void> {
  await call(() => {
    const { ino } = vfs.readdir(ROOT_INO).find((each) => each.name === name) ?? {
      ino: vfs.create(ROOT_INO, name, 0o644),
    }
    vfs.write(ino, new TextEncoder().encode(text), at)
  })
}

async function contents({ vfs, call }: Port): Promise<Record<string, string>> {
  const read = (): Record<string, string> =>
    Object.fromEntries(
      vfs.readdir(ROOT_INO).map(({ name, ino }) => {
        const bytes = new Uint8Array(vfs.getattr(ino).size)
        vfs.read(ino, bytes, 0)
        return [name, new TextDecoder().decode(bytes)]
      }),
    )
  return await call(read)
}

async function reopened(image: DirectoryImage, options: PortOptions = {}): Promise<Port> {
  return await openPort(new SimulatedOpfs({ image }), options)
}

function countFlushes(opfs: SimulatedOpfs): { flushes: number; writes: number } {
  const counts = { flushes: 0, writes: 0 }
  opfs.watcher.changed = ({ kind }) => {
    if (kind === 'flush') counts.flushes++
    if (kind === 'write') counts.writes++
  }
  return counts
}

describe.each(['strict', 'relaxed'] as const)('handed down (%s)', (durability) => {
  it('an unlink and what was written before it are kept by a kill, and cost no flush', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability })
    await write(port, 'a', 'old')
    await write(port, 'b', 'b')
    await port.call(() => port.vfs.sync())
    await port.call(() => world.advance(5000))
    const counts = countFlushes(opfs)
    await write(port, 'a', 'new')
    await write(port, 'c', 'c')
    await port.call(() => port.vfs.unlink(ROOT_INO, 'b'))
    expect(counts.flushes).toBe(0)
    expect(counts.writes).toBeLessThanOrEqual(4)
    const image = opfs.image()
    expect(await contents(await reopened(image, { durability }))).toEqual({ a: 'new', c: 'c' })
    // What the line of the log relies on comes with it, or it does not count.
    const seen = new Set<string>()
    const loss = new PowerLoss(image, { now: Date.now(), settlingMs: 0 })
    for (const selection of selections(loss, LIMITS, new SeededRandom(1))) {
      const after = await reopened(loss.state(selection), { durability })
      const tree = JSON.stringify(await contents(after))
      seen.add(tree)
    }
    expect([...seen].sort()).toEqual([
      '{"a":"new","b":"b"}',
      '{"a":"new","c":"c"}',
      '{"a":"old","b":"b"}',
    ])
  })

  it('a batch without its frames is gone for good', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability })
    await write(port, 'a', 'old')
    await write(port, 'b', 'b')
    await port.call(() => port.vfs.sync())
    await write(port, 'a', 'new')
    await port.call(() => port.vfs.unlink(ROOT_INO, 'b'))
    const torn = new SimulatedOpfs({ image: opfs.image() })
    const own = await (await torn.root.getDirectoryHandle('store')).getDirectoryHandle('.wasm-vfs')
    const handle = await openAccessHandle(await own.getFileHandle('journal'), { path: 'journal' })
    handle.truncate(handle.getSize() - 8)
    handle.close()
    const after = await openPort(torn, { durability })
    expect(await contents(after)).toEqual({ a: 'old', b: 'b' })
    // Frames of its own do not make up for those that were missing.
    for (const name of ['c', 'd']) await write(after, name, name)
    await after.call(() => after.vfs.sync())
    const expected = { a: 'old', b: 'b', c: 'c', d: 'd' }
    expect(await contents(await reopened(torn.image(), { durability }))).toEqual(expected)
  })

  it('a batch that was acknowledged is damaged without its frames', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability: 'strict' })
    await write(port, 'a', 'old')
    await port.call(() => port.vfs.sync())
    await write(port, 'b', 'b')
    await port.call(() => port.vfs.sync())
    await write(port, 'c', 'c')
    await port.call(() => port.vfs.sync())
    const damaged = new SimulatedOpfs({ image: opfs.image() })
    const store = await damaged.root.getDirectoryHandle('store')
    const own = await store.getDirectoryHandle('.wasm-vfs')
    const handle = await openAccessHandle(await own.getFileHandle('journal'), { path: 'journal' })
    handle.truncate(8)
    handle.close()
    await expect(openPort(damaged)).rejects.toThrow(/^EIO.*journal has 0 frames/)
  })

  it('a removal is one write', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability })
    await write(port, 'a', 'a')
    await write(port, 'b', 'b')
    await port.call(() => port.vfs.sync())
    await port.call(() => world.advance(5000))
    const counts = countFlushes(opfs)
    await port.call(() => port.vfs.unlink(ROOT_INO, 'b'))
    expect(counts).toEqual({ flushes: 0, writes: 1 })
  })

  it('a rename over a file keeps the old content or has the new', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability })
    await write(port, 'a', 'old')
    await port.call(() => port.vfs.sync())
    await port.call(() => world.advance(5000))
    await write(port, 'tmp', 'new content')
    await port.call(() => port.vfs.rename(ROOT_INO, 'tmp', ROOT_INO, 'a'))
    const image = opfs.image()
    expect(await contents(await reopened(image, { durability }))).toEqual({ a: 'new content' })
    const loss = new PowerLoss(image, { now: Date.now(), settlingMs: 0 })
    for (const selection of selections(loss, LIMITS, new SeededRandom(1))) {
      const { a } = await contents(await reopened(loss.state(selection), { durability }))
      expect(['old', 'new content']).toContain(a)
    }
  })

  it('what an idle program has written is kept by a kill, and cost no flush', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability })
    await write(port, 'a', 'old')
    await port.call(() => port.vfs.sync())
    await port.call(() => world.advance(5000))
    const counts = countFlushes(opfs)
    await write(port, 'a', 'new')
    for (let index = 0; index < 50; index++) await write(port, `f${index}`, 'x')
    await port.call(() => world.advance(120))
    expect(counts.flushes).toBe(0)
    expect(counts.writes).toBeLessThanOrEqual(4)
    const after = await contents(await reopened(opfs.image(), { durability }))
    expect(after['a']).toBe('new')
    expect(Object.keys(after)).toHaveLength(51)
  })

  it('an fsync afterwards makes it durable', async () => {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { durability: 'strict' })
    await write(port, 'a', 'old')
    await port.call(() => port.vfs.sync())
    await write(port, 'a', 'new')
    await write(port, 'c', 'c')
    await port.call(() => port.vfs.unlink(ROOT_INO, 'c'))
    await write(port, 'd', 'd')
    await port.call(() => port.vfs.fsync(port.vfs.lookup(ROOT_INO, 'd')))
    const loss = new PowerLoss(opfs.image(), { now: Date.now(), settlingMs: 0 })
    const worst = loss.state(loss.counts.map(() => 0))
    expect(await contents(await reopened(worst))).toEqual({ a: 'new', d: 'd' })
  })
})
