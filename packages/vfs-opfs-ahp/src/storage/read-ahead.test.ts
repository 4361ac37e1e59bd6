import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { expect, it } from 'vitest'
import { newCounters } from './counters.ts'
import { StorageFile } from './storage-file.ts'

const PAGE = 8192
const PAGES = 64

async function numbered(): Promise<{ file: StorageFile; reads(): number }> {
  const counters = newCounters()
  const { root } = new SimulatedOpfs()
  const file = await StorageFile.open(root, 'file', { create: true, counters })
  for (let page = 0; page < PAGES; page++) file.write(new Uint8Array(PAGE).fill(page), page * PAGE)
  return { file, reads: () => counters.reads }
}

function page(file: StorageFile, index: number): number {
  const bytes = new Uint8Array(PAGE)
  file.read(bytes, index * PAGE)
  expect(new Set(bytes).size).toBe(1)
  return bytes[0]!
}

it('reads a file from front to back in few calls', async () => {
  const { file, reads } = await numbered()
  for (let index = 0; index < PAGES; index++) expect(page(file, index)).toBe(index)
  expect(reads()).toBe(5)
  expect(page(file, PAGES)).toBe(0)
})

it('reads pages here and there one by one', async () => {
  const { file, reads } = await numbered()
  for (const index of [5, 3, 40, 41, 7, 6]) expect(page(file, index)).toBe(index)
  // The one after 40 goes on where that ended.
  expect(reads()).toBe(6)
})

it('sees what is written and cut meanwhile', async () => {
  const { file } = await numbered()
  for (let index = 0; index < 4; index++) page(file, index)
  file.write(new Uint8Array(PAGE).fill(200), 5 * PAGE)
  expect(page(file, 4)).toBe(4)
  expect(page(file, 5)).toBe(200)
  expect(page(file, 6)).toBe(6)
  file.truncate(8 * PAGE)
  expect(page(file, 7)).toBe(7)
  expect(page(file, 8)).toBe(0)
  file.truncate(10 * PAGE)
  expect(page(file, 9)).toBe(0)
})
