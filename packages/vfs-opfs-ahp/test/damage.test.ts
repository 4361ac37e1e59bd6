// What is no crash's doing is damage, and an open says which: a log that lost its end after a clean close, and
// lines with right checksums that no store has written.

import { encodeLine, openAccessHandle, ROOT_INO, VfsError } from '@wasm-vfs/core/backend'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { openOpfsAhp } from '@wasm-vfs/opfs-ahp'
import { expect, it } from 'vitest'
import { FORMAT, FORMAT_VERSION, STATE_FILES } from '../src/layout.ts'

async function readState(opfs: SimulatedOpfs, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const store = await opfs.root.getDirectoryHandle('store')
  const file = await (await store.getFileHandle(name)).getFile()
  return new Uint8Array(await file.arrayBuffer())
}

async function writeState(opfs: SimulatedOpfs, name: string, bytes: Uint8Array): Promise<void> {
  const store = await opfs.root.getDirectoryHandle('store')
  const access = await openAccessHandle(await store.getFileHandle(name), { path: name })
  access.truncate(0)
  access.write(Uint8Array.from(bytes), { at: 0 })
  access.close()
}

async function makeStore(): Promise<SimulatedOpfs> {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  for (let each = 0; each < 6; each++) {
    const ino = vfs.create(ROOT_INO, `file-${each}`, 0o644)
    vfs.write(ino, new Uint8Array(5000).fill(1), 0)
    vfs.fsync(ino)
  }
  await vfs.close()
  return opfs
}

async function openFailure(opfs: SimulatedOpfs): Promise<VfsError> {
  try {
    const vfs = await openOpfsAhp('store', { directory: opfs.root })
    await vfs.close()
  } catch (error) {
    if (error instanceof VfsError) return error
    throw error
  }
  throw new Error('the store opened')
}

it('the state of a closed store that is cut at any line is damaged', async () => {
  const opfs = await makeStore()
  const name = STATE_FILES[0]
  const whole = await readState(opfs, name)
  const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a).map((at) => at + 1)
  expect(ends.length).toBeGreaterThan(8)
  for (const end of ends.slice(0, -1)) {
    await writeState(opfs, name, whole.subarray(0, end))
    expect((await openFailure(opfs)).code).toBe('EIO')
  }
  await writeState(opfs, name, whole)
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  expect(vfs.readdir(ROOT_INO)).toHaveLength(6)
  await vfs.close()
})

const FILE = ['i', 2, 0o100644, 100, 0, 0, 0]
const SOUND = [
  ['n', 10],
  ['i', 1, 0o040755, 0, 0, 0, 0],
  FILE,
  ['e', 1, 'file', 2],
  ['f', 1, 0, 1],
  ['f', 2, 0, 0],
]
const PLACE = ['p', 2, 1, 0, 4096, 0]

/** A store that holds `facts` and was not closed. */
async function storeOf(facts: readonly unknown[]): Promise<SimulatedOpfs> {
  const opfs = await makeStore()
  const header = { format: FORMAT, version: FORMAT_VERSION, generation: 9, age: 0, epoch: '0' }
  const lines = [
    { seq: 1, durable: 0, ...header },
    { seq: 2, durable: 0, facts },
    { seq: 3, durable: 0, image: 'end' },
  ]
  const parts: number[] = []
  let sum = 0
  for (const line of lines) {
    const [bytes, next] = encodeLine(line, sum)
    parts.push(...bytes)
    sum = next
  }
  await writeState(opfs, STATE_FILES[0], Uint8Array.from(parts))
  await writeState(opfs, STATE_FILES[1], new Uint8Array(0))
  return opfs
}

it('a state made by hand opens where nothing is wrong with it', async () => {
  const opfs = await storeOf([...SOUND, PLACE])
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  expect(vfs.getattr(vfs.lookup(ROOT_INO, 'file')).size).toBe(100)
  await vfs.close()
})

const TOO_MUCH = 2 ** 60

it.each<[what: string, facts: readonly unknown[], says: RegExp]>([
  ['an offset that is not aligned', [...SOUND, ['p', 2, 1, 2048, 4096, 0]], /record/],
  ['a negative offset', [...SOUND, ['p', 2, 1, -4096, 4096, 0]], /record/],
  ['an enormous offset', [...SOUND, ['p', 2, 1, TOO_MUCH, 4096, 0]], /record/],
  ['a fraction', [...SOUND, ['p', 2, 1, 0, 4096, 0.5]], /record/],
  ['a capacity that is no power of two', [...SOUND, ['p', 2, 1, 0, 5000, 0]], /record/],
  ['a capacity below the smallest slot', [...SOUND, ['p', 2, 1, 0, 512, 0]], /record/],
  ['more written than there is room', [...SOUND, ['p', 2, 1, 0, 4096, 5000]], /record/],
  ['a negative serial', [...SOUND, ['p', 2, -1, 0, 4096, 0]], /record/],
  [
    'a pool file of an own that begins in its middle',
    [...SOUND, ['p', 2, 2, 4096, 0, 0]],
    /record/,
  ],
  ['a place of the root', [...SOUND, ['p', 1, 1, 0, 4096, 0]], /record/],
  ['a pack that is neither', [...SOUND, ['f', 3, 0, 2]], /record/],
  ['a negative age', [...SOUND, ['f', 3, -5, 0]], /record/],
  ['a place for no inode', [...SOUND, PLACE, ['p', 7, 1, 4096, 4096, 0]], /inode 7.*not exist/],
  ['a place in an unknown pool file', [...SOUND, ['p', 2, 3, 0, 0, 0]], /pool file 3.*unknown/],
  ['a place in a pool file that is not there', [...SOUND, ['p', 2, 999, 0, 0, 0]], /not there/],
  ['two packs', [...SOUND, ['f', 2, 0, 1], PLACE], /2 packs/],
  ['a slot in no pack', [...SOUND, ['p', 2, 2, 0, 4096, 0]], /no pack/],
  [
    'a file larger than its slot',
    [...SOUND, ['i', 2, 0o100644, 5000, 0, 0, 0], PLACE],
    /slot of 4096/,
  ],
  ['facts that are no list', 7 as unknown as unknown[], /list|facts/],
])('a state with %s is EIO and says so', async (_, facts, says) => {
  const error = await openFailure(await storeOf(facts))
  expect(error.code).toBe('EIO')
  expect(error.message).toMatch(says)
})
