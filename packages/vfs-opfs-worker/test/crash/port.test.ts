// That the port behaves as two threads do: the program blocks, posts, and reads what it wrote.

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

const TEXT = new TextEncoder().encode('content')

function contentOf({ vfs }: Port, name: string): string {
  const ino = vfs.lookup(ROOT_INO, name)
  const bytes = new Uint8Array(vfs.getattr(ino).size)
  vfs.read(ino, bytes, 0)
  return new TextDecoder().decode(bytes)
}

async function write(port: Port, name: string): Promise<void> {
  await port.call(() => {
    const ino = port.vfs.create(ROOT_INO, name, 0o644)
    port.vfs.write(ino, TEXT, 0)
  })
}

it('reads from the store what was posted, fsynced, synced and closed', async () => {
  const opfs = new SimulatedOpfs()
  const port = await openPort(opfs)
  await write(port, 'a')
  expect(await port.call(() => contentOf(port, 'a'))).toBe('content')
  await port.call(() => port.vfs.fsync(port.vfs.lookup(ROOT_INO, 'a')))
  await write(port, 'b')
  await port.call(() => port.vfs.sync())
  await port.call(() => port.vfs.close())
  const again = await openPort(opfs)
  expect(await again.call(() => contentOf(again, 'a') + contentOf(again, 'b'))).toBe(
    'contentcontent',
  )
})

it('loses what was posted when the I/O worker dies before it is carried out', async () => {
  const images = new Set<boolean>()
  for (let seed = 0; seed < 10; seed++) {
    const opfs = new SimulatedOpfs()
    const port = await openPort(opfs, { seed, limits: { smallMax: 0 } })
    const ino = await port.call(() => port.vfs.create(ROOT_INO, 'a', 0o644))
    await port.call(() => port.vfs.fsync(ROOT_INO))
    let writes = 0
    opfs.watcher.changed = () => writes++
    await port.call(() => port.vfs.write(ino, TEXT, 0))
    await port.call(() => {})
    images.add(writes > 0)
  }
  expect(images).toEqual(new Set([true, false]))
})

it('brings OPFS up to date when time passes', async () => {
  const opfs = new SimulatedOpfs()
  const port = await openPort(opfs)
  await write(port, 'a')
  await port.call(() => port.vfs.sync())
  const directory = await opfs.root.getDirectoryHandle('store')
  await expect(directory.getFileHandle('a')).rejects.toThrow()
  await port.call(() => world.advance(5000))
  await expect(directory.getFileHandle('a')).resolves.toBeDefined()
})

it('says so when it is used outside of `call`', async () => {
  const port = await openPort(new SimulatedOpfs())
  await write(port, 'a')
  await port.call(() => port.vfs.sync())
  const ino = port.vfs.lookup(ROOT_INO, 'a')
  expect(() => port.vfs.setattr(ino, { mode: 0o600 })).not.toThrow()
  expect(() => port.vfs.fsync(ino)).toThrow()
  await expect(port.call(() => {})).rejects.toThrow(/outside of `call`/)
})
