// Defects that the crash explorer and the fault oracle have found, each in as few steps as show it.

import { ROOT_INO } from '@wasm-vfs/core'
import { openAccessHandle } from '@wasm-vfs/core/backend'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { PowerLoss, SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openPort, STORE_NAME, type Port } from './port.ts'

let world: SimulatedWorld

beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

/** After the session was killed. */
function reopened(opfs: SimulatedOpfs): Promise<Port> {
  return openPort(new SimulatedOpfs({ image: opfs.image() }))
}

it('opens again after a crash with a file that was unlinked while it was open', async () => {
  const opfs = new SimulatedOpfs()
  const { vfs, call } = await openPort(opfs)
  await call(() => {
    const ino = vfs.create(ROOT_INO, 'held', 0o644)
    vfs.write(ino, new Uint8Array(100).fill(1), 0)
    vfs.fsync(ino)
    vfs.acquire(ino)
    vfs.unlink(ROOT_INO, 'held')
  })
  // A checkpoint: the redo log forgets the file, too.
  await call(() => world.advance(2000))
  const image = opfs.image()
  opfs.kill()
  // The open drops the inode, which has no file in OPFS yet; the next one reads that from the log.
  const next = new SimulatedOpfs({ image })
  const second = await openPort(next)
  await second.call(() => {
    const ino = second.vfs.create(ROOT_INO, 'other', 0o644)
    second.vfs.fsync(ino)
  })
  await second.call(() => second.vfs.close())
  const third = await reopened(next)
  expect(await third.call(() => third.vfs.readdir(ROOT_INO).map(({ name }) => name))).toEqual([
    'other',
  ])
})

it('gives a new file no bytes of one whose inode number it has, and whose batch a power cut has taken', async () => {
  const opfs = new SimulatedOpfs()
  const { vfs, call } = await openPort(opfs)
  await call(() => vfs.close())
  const settled = new SimulatedOpfs({ image: opfs.image() })
  const first = await openPort(settled)
  await first.call(() => {
    const ino = first.vfs.create(ROOT_INO, 'temporary', 0o644)
    first.vfs.write(ino, new Uint8Array(6000).fill(7), 0)
    // Handed down, behind the frame of its bytes; neither is flushed.
    first.vfs.rename(ROOT_INO, 'temporary', ROOT_INO, 'lost')
  })
  // Of the two, the redo log happens to reach storage.
  const dead = new SimulatedOpfs({ image: settled.image() })
  await flush(dead, 'journal')
  const cut = new PowerLoss(dead.image(), { now: world.now, settlingMs: 0 })
  const next = new SimulatedOpfs({ image: cut.state(cut.counts.map(() => 0)) })
  const second = await openPort(next)
  await second.call(() => {
    expect(second.vfs.readdir(ROOT_INO)).toEqual([])
    second.vfs.fsync(second.vfs.create(ROOT_INO, 'new', 0o644))
  })
  const third = await reopened(next)
  await third.call(() => {
    const ino = third.vfs.lookup(ROOT_INO, 'new')
    expect(third.vfs.getattr(ino).size).toBe(0)
  })
})

it('keeps what was written over a file when the program has been idle for 150 ms and is killed', async () => {
  const opfs = new SimulatedOpfs()
  const { vfs, call, wake } = await openPort(opfs)
  const ino = await call(() => vfs.create(ROOT_INO, 'file', 0o644))
  await call(() => {
    vfs.write(ino, new Uint8Array(6000).fill(1), 0)
    vfs.fsync(ino)
  })
  await call(() => {
    vfs.write(ino, new Uint8Array(600).fill(2), 3000)
  })
  for (let waited = 0; waited < 150; waited += 50) {
    await call(() => world.advance(50))
    await wake()
  }
  const next = await reopened(opfs)
  await next.call(() => {
    const found = new Uint8Array(1)
    next.vfs.read(next.vfs.lookup(ROOT_INO, 'file'), found, 3000)
    expect([...found]).toEqual([2])
  })
})

async function flush({ root }: SimulatedOpfs, name: string): Promise<void> {
  const own = await (await root.getDirectoryHandle(STORE_NAME)).getDirectoryHandle('.wasm-vfs')
  const file = await own.getFileHandle(name)
  const handle = await openAccessHandle(file, { path: name })
  handle.flush()
  handle.close()
}
