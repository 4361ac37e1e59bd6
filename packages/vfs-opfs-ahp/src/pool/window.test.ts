// The window of relaxed durability holds for a program that never lets a timer run.

import { ROOT_INO } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openOpfsAhp } from '../open.ts'

const WINDOW_MS = 500
const STEP_MS = 100
const STEPS = 50

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

it.each([
  ['writes a log', true],
  ['only makes names', false],
])('a flush in every window of a program that %s', async (_, writes) => {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', {
    directory: opfs.root,
    durability: 'relaxed',
    windowMs: WINDOW_MS,
  })
  const log = vfs.create(ROOT_INO, 'log', 0o644)
  await vfs.sync()
  let flushes = 0
  opfs.watcher = { changed: ({ kind }) => void (kind === 'flush' && flushes++) }
  for (let step = 0; step < STEPS; step++) {
    vi.advanceTimersByTime(STEP_MS)
    if (writes) vfs.write(log, new Uint8Array(100), step * 100)
    else vfs.mkdir(ROOT_INO, `directory-${step}`, 0o755)
    vfs.fsync(writes ? log : ROOT_INO)
  }
  expect(flushes).toBeGreaterThanOrEqual(Math.floor((STEPS * STEP_MS) / WINDOW_MS) - 1)
  opfs.watcher = {}
  await vfs.close()
})
