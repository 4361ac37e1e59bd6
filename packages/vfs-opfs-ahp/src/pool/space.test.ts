// What is freed is reused, whatever was written to it, and before a full disk is spoken of.

import { ROOT_INO, type Ino, type Vfs } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { expect, it } from 'vitest'
import { checkOpfsAhp } from '../check.ts'
import { openOpfsAhp } from '../open.ts'

const MIB = 1024 * 1024

function make(vfs: Vfs, name: string, size: number): Ino {
  const ino = vfs.create(ROOT_INO, name, 0o644)
  vfs.truncate(ino, size)
  return ino
}

function bytesOf(opfs: SimulatedOpfs): number {
  return [...opfs.sizes().values()].reduce((sum, size) => sum + size, 0)
}

async function closeSoundly(vfs: Vfs, opfs: SimulatedOpfs): Promise<void> {
  await vfs.close()
  const { problems } = await checkOpfsAhp('store', { directory: opfs.root })
  expect(problems).toEqual([])
}

it('files of one byte that come and go, each with a sync, take no space', async () => {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  for (let each = 0; each < 1500; each++) {
    vfs.write(vfs.create(ROOT_INO, 'file', 0o644), new Uint8Array([1]), 0)
    await vfs.sync()
    vfs.unlink(ROOT_INO, 'file')
    await vfs.sync()
  }
  expect(bytesOf(opfs)).toBeLessThan(4 * MIB)
  await closeSoundly(vfs, opfs)
})

it('sparse files that come and go leave a small quota as empty as it was', async () => {
  const opfs = new SimulatedOpfs({ quota: 64 * MIB })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  let most = 0
  for (let each = 0; each < 200; each++) {
    make(vfs, 'temporary', 512 * 1024)
    await vfs.sync()
    vfs.unlink(ROOT_INO, 'temporary')
    await vfs.sync()
    most = Math.max(most, bytesOf(opfs))
  }
  expect(most).toBeLessThan(24 * MIB)
  vfs.write(vfs.create(ROOT_INO, 'file', 0o644), new Uint8Array(600_000).fill(1), 0)
  await closeSoundly(vfs, opfs)
})

it('a file that is rewritten from nothing again and again takes no more than a few times its size', async () => {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  const file = make(vfs, 'file', 0)
  for (let each = 0; each < 60; each++) {
    vfs.truncate(file, 0)
    vfs.truncate(file, 700 * 1024)
    vfs.write(file, new Uint8Array(3000).fill(1), 690 * 1024)
  }
  expect(bytesOf(opfs)).toBeLessThan(40 * MIB)
  await closeSoundly(vfs, opfs)
})

it('a full disk has room for what was removed, without a sync between', async () => {
  const opfs = new SimulatedOpfs({ quota: 24 * MIB })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  const filled: string[] = []
  const fill = (): void => {
    for (let each = 0; each < 100; each++) {
      make(vfs, `file-${each}`, 512 * 1024)
      filled.push(`file-${each}`)
    }
  }
  expect(fill).toThrow(/ENOSPC/)
  vfs.unlink(ROOT_INO, `file-${filled.length}`)
  expect(filled.length).toBeGreaterThan(30)
  // Every second one: none of the gaps is large enough by itself.
  for (const [index, name] of filled.entries()) if (index % 2 === 0) vfs.unlink(ROOT_INO, name)
  for (let each = 0; each < 4; each++) make(vfs, `large-${each}`, 900 * 1024)
  await closeSoundly(vfs, opfs)
})

it('a place that no batch has named is taken again at once, and shows nothing of what was there', async () => {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', { directory: opfs.root, cacheBytes: 0 })
  vfs.atomicFirstLoad()
  for (let each = 0; each < 20; each++) {
    const ino = make(vfs, 'file', 200_000)
    // What lies before it has to read as zeros.
    vfs.write(ino, new Uint8Array([1]), 199_999)
    const before = new Uint8Array(199_999)
    vfs.read(ino, before, 0)
    expect(before.findIndex((byte) => byte !== 0)).toBe(-1)
    vfs.write(ino, before.fill(1 + each), 0)
    vfs.unlink(ROOT_INO, 'file')
  }
  expect(bytesOf(opfs)).toBeLessThan(2 * MIB)
  await closeSoundly(vfs, opfs)
})
