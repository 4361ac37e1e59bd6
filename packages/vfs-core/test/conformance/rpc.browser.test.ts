// Calls to a test worker: a worker that is stuck or dead fails its call and nothing else.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterEach, expect, it } from 'vitest'

const DEADLINE_MS = 20_000

let made = 0
const worker = new TaskWorker(() => {
  made++
  return new Worker(new URL('./rpc.worker.ts', import.meta.url), { type: 'module' })
})

afterEach(() => {
  worker.terminate()
  made = 0
})

it('answers calls, also at once, each with its own result', async () => {
  const results = await Promise.all([1, 2, 3].map((n) => worker.call('double', n, DEADLINE_MS)))
  expect(results).toEqual([2, 4, 6])
  expect(made).toBe(1)
})

it('hands on what a task throws, and goes on', async () => {
  await expect(worker.call('fail', 'no luck', DEADLINE_MS)).rejects.toThrow('no luck')
  await expect(worker.call('nothing', 0, DEADLINE_MS)).rejects.toThrow("no task 'nothing'")
  expect(await worker.call('double', 4, DEADLINE_MS)).toBe(8)
  expect(made).toBe(1)
})

it('replaces a worker that is stuck in a synchronous call', async () => {
  expect(await worker.call('double', 1, DEADLINE_MS)).toBe(2)
  await expect(worker.call('hang', 0, 300)).rejects.toThrow('no answer within 300 ms')
  expect(await worker.call('double', 5, DEADLINE_MS)).toBe(10)
  expect(made).toBe(2)
})

it('fails a call when the worker throws outside of it', async () => {
  await expect(worker.call('crash', 0, DEADLINE_MS)).rejects.toThrow('the worker failed')
})

it('fails a call when the worker cannot be loaded', async () => {
  const missing = new TaskWorker(() => new Worker('/no/such/worker.js', { type: 'module' }))
  await expect(missing.call('double', 1, DEADLINE_MS)).rejects.toThrow('the worker failed')
})
