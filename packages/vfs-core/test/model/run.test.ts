// That the model tests find what is wrong, and say it in few words.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { runModel, runSequence } from '@wasm-vfs/core/testing/model'
import { expect, it } from 'vitest'
import { layered } from '../conformance/faults.ts'
import { memoryTarget } from '../conformance/memory.target.ts'
import { logTarget } from '../conformance/replay.target.ts'

/** The memory backend with some operations replaced. */
function broken(layer: (vfs: Vfs) => Partial<Vfs>): ConformanceTarget {
  return {
    ...memoryTarget,
    open: async (storeName) => {
      const vfs = await memoryTarget.open(storeName)
      return layered(vfs, layer(vfs))
    },
  }
}

const losesLastByte = broken((vfs) => ({
  write: (ino, from, at) => {
    if (from.length < 2) return vfs.write(ino, from, at)
    return vfs.write(ino, from.subarray(0, -1), at) + 1
  },
}))

it('a difference is shrunk to a few calls, and the same seed finds it again', async () => {
  const find = (): Promise<string> => {
    return runModel(losesLastByte, { runs: 200, seed: 3 }).then(
      () => 'nothing',
      (error: Error) => error.message,
    )
  }
  const found = await find()
  expect(found).toContain('memory differs from the model (seed 3')
  expect(found).toMatch(/\n {4}1\. create\(/)
  expect(found.match(/^ +\d+\. /gm)?.length).toBeLessThan(6)
  expect(await find()).toBe(found)
})

it('an operation that succeeds where it must fail is a difference, and the other way round', async () => {
  const create = { do: 'create', place: { directory: 0, name: 'a' }, mode: 0o644 } as const
  const opens = broken((vfs) => ({
    create: (parent, name, mode) => {
      return vfs.readdir(parent)[0]?.ino ?? vfs.create(parent, name, mode)
    },
  }))
  await expect(runSequence(opens, [create, create], 1)).rejects.toThrow('expected EEXIST')
  const link = { do: 'link', on: { file: 0 }, place: { directory: 0, name: 'b' } } as const
  const without = broken((vfs) => ({ link: () => vfs.unlink(ROOT_INO, 'missing') }))
  await expect(runSequence(without, [create, link], 1)).rejects.toThrow(
    'expected success, got ENOENT',
  )
})

it('shrinking ends in time, with the best so far', async () => {
  const started = Date.now()
  const run = runModel(losesLastByte, { runs: 200, seed: 3, shrinkMs: 0 })
  await expect(run).rejects.toThrow('differs from the model')
  expect(Date.now() - started).toBeLessThan(20_000)
})

it('a run that does not finish in time has failed', async () => {
  const run = runModel(logTarget, { runs: 1_000_000, deadlineMs: 300 })
  await expect(run).rejects.toThrow('not finished in time')
})
