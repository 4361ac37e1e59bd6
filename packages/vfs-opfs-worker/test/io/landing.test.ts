// The landing writes files in place. Whatever a crash leaves of that, the journal has to make whole.

import {
  PowerLoss,
  SeededRandom,
  selections,
  type DirectoryImage,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { ROOT_INO } from '@wasm-vfs/core'
import { describe, expect, it } from 'vitest'
import {
  land,
  openSession,
  opfsTree,
  put,
  SimulatedOpfs,
  sync,
  treeOf,
  walk,
  type SimulatedSession,
} from './harness.ts'

const LIMITS = { exhaustiveMax: 6, samples: 12 }

function pattern(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => ((from + at) % 251) + 1)
}

/** What kills and power cuts leave of one moment, with all names settled. */
function* crashesOf(image: DirectoryImage, random: SeededRandom): Generator<DirectoryImage> {
  yield image
  const loss = new PowerLoss(image, { now: Date.now(), settlingMs: 0 })
  for (const selection of selections(loss, LIMITS, random)) yield loss.state(selection)
}

function* everyCutOf(image: DirectoryImage): Generator<DirectoryImage> {
  const loss = new PowerLoss(image, { now: Date.now(), settlingMs: 0 })
  const limits = { exhaustiveMax: 512, samples: 0 }
  expect(loss.total).toBeLessThanOrEqual(limits.exhaustiveMax)
  for (const selection of selections(loss, limits, new SeededRandom(1))) yield loss.state(selection)
}

function bytesOf({ vfs }: SimulatedSession, path: string): Uint8Array {
  const ino = walk(vfs, path)
  const bytes = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, bytes, 0)
  return bytes
}

describe('a landing that a crash breaks off', () => {
  it('leaves no mixture of a file before a truncate and after it', async () => {
    const session = await openSession(new SimulatedOpfs())
    const { vfs, opfs } = session
    put(vfs, '/a', pattern(20_000, 0))
    await sync(session)
    await land(session)
    vfs.write(walk(vfs, '/a'), pattern(600, 7), 0)
    vfs.fsync(walk(vfs, '/a'))
    vfs.truncate(walk(vfs, '/a'), 3000)
    await session.flush()
    const moments: DirectoryImage[] = []
    opfs.watcher.changed = () => moments.push(opfs.image())
    await land(session)
    expect(moments.length).toBeGreaterThan(5)
    const random = new SeededRandom(1)
    const seen = new Set<string>()
    for (const moment of moments) {
      for (const image of crashesOf(moment, random)) {
        const after = await openSession(new SimulatedOpfs({ image }))
        const ino = walk(after.vfs, '/a')
        const bytes = new Uint8Array(after.vfs.getattr(ino).size)
        after.vfs.read(ino, bytes, 0)
        const whole = pattern(bytes.length, 0)
        whole.set(pattern(600, 7))
        expect([3000, 20_000]).toContain(bytes.length)
        expect(bytes).toEqual(whole)
        seen.add(treeOf(after.vfs).join())
      }
    }
    // Before what has changed since the fsync is on storage, and afterwards.
    expect(seen.size).toBe(2)
  })
})

describe('a small file that becomes large', () => {
  it('is no mixture of before a truncate and after it, wherever it is broken off', async () => {
    const environment = { limits: { smallMax: 9000 } }
    const session = await openSession(new SimulatedOpfs(), {}, environment)
    const { vfs, opfs } = session
    put(vfs, '/a', pattern(6000, 0))
    await sync(session)
    await land(session)
    const ino = walk(vfs, '/a')
    vfs.write(ino, pattern(600, 7), 0)
    vfs.fsync(ino)
    await session.flush()
    vfs.truncate(ino, 3000)
    vfs.write(ino, pattern(12_000, 9), 3000)
    const moments: DirectoryImage[] = []
    opfs.watcher.changed = () => moments.push(opfs.image())
    await session.flush()
    const random = new SeededRandom(1)
    const before = pattern(6000, 0)
    before.set(pattern(600, 7))
    const sizes = new Set<number>()
    for (const moment of moments) {
      for (const image of crashesOf(moment, random)) {
        const bytes = bytesOf(
          await openSession(new SimulatedOpfs({ image }), {}, environment),
          '/a',
        )
        sizes.add(bytes.length)
        const kept = bytes.length === 6000 ? bytes : bytes.subarray(0, 3000)
        expect(kept).toEqual(before.subarray(0, kept.length))
      }
    }
    expect([...sizes].sort((a, b) => a - b)).toEqual([3000, 6000, 15_000])
  })
})

describe('an open after a session that was killed', () => {
  it('lands what a broken-off landing may have left unflushed, before the journal forgets it', async () => {
    const environment = { limits: { smallMax: 9000 } }
    const session = await openSession(new SimulatedOpfs(), {}, environment)
    put(session.vfs, '/a', pattern(6000, 0))
    await sync(session)
    await land(session)
    session.vfs.truncate(walk(session.vfs, '/a'), 0)
    await sync(session)
    const killed: DirectoryImage[] = []
    session.opfs.watcher.changed = () => killed.push(session.opfs.image())
    await land(session)
    expect(killed.length).toBeGreaterThan(2)
    const random = new SeededRandom(1)
    for (const image of killed) {
      const again = await openSession(new SimulatedOpfs({ image }), {}, environment)
      await land(again)
      // From here on the log says that its size is to be asked for.
      again.vfs.write(walk(again.vfs, '/a'), pattern(12_000, 9), 8000)
      await again.flush()
      for (const state of crashesOf(again.opfs.image(), random)) {
        const third = await openSession(new SimulatedOpfs({ image: state }), {}, environment)
        expect([0, 20_000]).toContain(bytesOf(third, '/a').length)
      }
    }
  })

  it('has put on storage what it shows of small files', async () => {
    const session = await openSession(new SimulatedOpfs(), { durability: 'relaxed' })
    put(session.vfs, '/a', 'old')
    await sync(session)
    await land(session)
    await session.store.tick()
    session.vfs.write(walk(session.vfs, '/a'), new TextEncoder().encode('new'), 0)
    session.vfs.fsync(walk(session.vfs, '/a'))
    await session.flush()
    const again = await openSession(new SimulatedOpfs({ image: session.opfs.image() }))
    expect(treeOf(again.vfs)).toEqual(['/a: new'])
    // An fsync of it would ask nobody.
    const loss = new PowerLoss(again.opfs.image(), { now: Date.now(), settlingMs: 0 })
    const image = loss.state(loss.counts.map(() => 0))
    expect(treeOf((await openSession(new SimulatedOpfs({ image }))).vfs)).toEqual(['/a: new'])
  })

  it('gives no file the content of one that was never committed', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', 'kept')
    await sync(session)
    put(session.vfs, '/b', pattern(9000, 0))
    const moments: DirectoryImage[] = []
    session.opfs.watcher.changed = () => moments.push(session.opfs.image())
    await sync(session)
    for (const image of moments) {
      const again = await openSession(new SimulatedOpfs({ image }))
      if (treeOf(again.vfs).length > 1) continue
      put(again.vfs, '/c', '')
      await sync(again)
      const third = await openSession(new SimulatedOpfs({ image: again.opfs.image() }))
      expect(treeOf(third.vfs)).toEqual(['/a: kept', '/c: '])
    }
    expect(moments.length).toBeGreaterThan(2)
  })
})

describe('two power cuts', () => {
  it('bring no frame back behind one of the session between them', async () => {
    const relaxed = { durability: 'relaxed' } as const
    // A frame of it is two sectors long, so that a cut can take the one and leave the other.
    const content = (from: number): Uint8Array => pattern(960, from)
    const write = async (session: SimulatedSession, from: number): Promise<void> => {
      const ino = walk(session.vfs, '/a')
      session.vfs.write(ino, content(from), 0)
      session.vfs.fsync(ino)
      await session.flush()
    }
    const first = await openSession(new SimulatedOpfs(), relaxed)
    put(first.vfs, '/a', content(0))
    await sync(first)
    await land(first)
    await write(first, 1)
    await write(first, 2)
    let lost = 0
    for (const state of everyCutOf(first.opfs.image())) {
      const second = await openSession(new SimulatedOpfs({ image: state }), relaxed)
      if (bytesOf(second, '/a')[0] !== content(0)[0]) continue
      lost++
      await write(second, 3)
      for (const image of everyCutOf(second.opfs.image())) {
        const third = await openSession(new SimulatedOpfs({ image }), relaxed)
        expect([content(0)[0], content(3)[0]]).toContain(bytesOf(third, '/a')[0])
      }
    }
    expect(lost).toBeGreaterThan(4)
  })
})

describe('a power cut', () => {
  it('that takes the line saying an empty file was made leaves one that opens', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', '')
    await sync(session)
    await land(session)
    const moments: DirectoryImage[] = []
    session.opfs.watcher.changed = () => moments.push(session.opfs.image())
    session.vfs.write(walk(session.vfs, '/a'), pattern(600, 7), 8192)
    session.vfs.fsync(walk(session.vfs, '/a'))
    await session.flush()
    const random = new SeededRandom(1)
    for (const moment of moments) {
      for (const image of crashesOf(moment, random)) {
        const after = await openSession(new SimulatedOpfs({ image }))
        const ino = walk(after.vfs, '/a')
        const { size } = after.vfs.getattr(ino)
        expect([0, 8792]).toContain(size)
        const bytes = new Uint8Array(size)
        after.vfs.read(ino, bytes, 0)
        const expected = new Uint8Array(size)
        if (size > 0) expected.set(pattern(600, 7), 8192)
        expect(bytes).toEqual(expected)
      }
    }
  })

  it.each(['strict', 'relaxed'] as const)(
    'does not make a stranger of a file that grew in staging (%s)',
    async (durability) => {
      const environment = { limits: { smallMax: 9000 } }
      const session = await openSession(new SimulatedOpfs(), { durability }, environment)
      put(session.vfs, '/a', pattern(20_000, 0))
      await sync(session)
      session.vfs.write(walk(session.vfs, '/a'), pattern(5000, 7), 20_000)
      await session.flush()
      // In some of them the bytes have reached storage, and the line that notes them has not.
      for (const state of crashesOf(session.opfs.image(), new SeededRandom(1))) {
        const after = await openSession(
          new SimulatedOpfs({ image: state }),
          { durability },
          environment,
        )
        expect([20_000, 25_000]).toContain(after.vfs.getattr(walk(after.vfs, '/a')).size)
      }
    },
  )
})

describe('a kill', () => {
  it('does not lay the journal over a file that memory let go of and that was written in place', async () => {
    const environment = { limits: { smallMax: 9000, residentMax: 6000 } }
    const session = await openSession(new SimulatedOpfs(), {}, environment)
    put(session.vfs, '/a', pattern(4000, 0))
    await sync(session)
    // Made, and the journal still has it.
    while (opfsTree(session.opfs).length === 0) await session.store.catchUp()
    put(session.vfs, '/b', pattern(4000, 3))
    await session.flush()
    session.vfs.write(walk(session.vfs, '/a'), pattern(12_000, 7), 4000)
    session.vfs.fsync(walk(session.vfs, '/a'))
    await session.flush()
    const image = session.opfs.image()
    const after = await openSession(new SimulatedOpfs({ image }), {}, environment)
    const bytes = new Uint8Array(16_000)
    after.vfs.read(walk(after.vfs, '/a'), bytes, 0)
    expect(bytes.subarray(4000)).toEqual(pattern(12_000, 7))
  })

  it('does not make a stranger of a file made in place of another, with more than was committed', async () => {
    const session = await openSession(new SimulatedOpfs())
    put(session.vfs, '/a', pattern(100, 0))
    await sync(session)
    await land(session)
    put(session.vfs, '/n', pattern(300, 7))
    session.vfs.rename(ROOT_INO, 'n', ROOT_INO, 'a')
    await sync(session)
    session.vfs.write(walk(session.vfs, '/a'), pattern(5000, 9), 300)
    await session.flush()
    await land(session)
    const after = await openSession(new SimulatedOpfs({ image: session.opfs.image() }))
    const bytes = new Uint8Array(300)
    after.vfs.read(walk(after.vfs, '/a'), bytes, 0)
    expect(bytes).toEqual(pattern(300, 7))
    expect([300, 5300]).toContain(after.vfs.getattr(walk(after.vfs, '/a')).size)
  })
})
