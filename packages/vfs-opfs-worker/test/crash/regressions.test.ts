// Defects that the crash explorer and the fault oracle have found, each in as few steps as show it.

import { ROOT_INO } from '@wasm-vfs/core'
import { SimulatedWorld, START } from '@wasm-vfs/core/testing/crash'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openPort, type Port } from './port.ts'

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
