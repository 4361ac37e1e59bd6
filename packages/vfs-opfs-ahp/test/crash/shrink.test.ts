// That a failing crash state becomes a short one that can be written down and run again: tried with a
// store whose fsync forgets files of more than 9,000 bytes.

import type { Ino, Vfs } from '@wasm-vfs/core'
import {
  CrashFailure,
  exploreFamily,
  FAMILIES,
  SimulatedWorld,
  START,
  VfsProgram,
  type CrashTarget,
} from '@wasm-vfs/core/testing/crash'
import { readFileSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { RecordedFailure, replayFile, withRecord } from '../../../../tools/soak/failures.ts'
import { target as opfsAhp } from './target.ts'

const FORGOTTEN_FROM = 9000

const forgetful: CrashTarget = {
  ...opfsAhp,
  async open(opfs, options) {
    const { vfs } = await opfsAhp.open(opfs, options)
    const fsync = (ino: Ino): void => {
      if (vfs.getattr(ino).size < FORGOTTEN_FROM) vfs.fsync(ino)
    }
    const forgetting = new Proxy(vfs, {
      get(target, key: keyof Vfs) {
        if (key === 'fsync') return fsync
        const value: unknown = target[key]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return new VfsProgram(forgetting)
  },
}

let world: SimulatedWorld
beforeEach(() => {
  world = new SimulatedWorld(1, START)
  world.enter()
})
afterEach(() => world.leave())

it('a failure shrinks to a few operations in a file that fails again', async () => {
  const family = FAMILIES.find(({ name }) => name === 'longer sequences of everything')!
  const work = withRecord(forgetful, world, () =>
    exploreFamily(forgetful, world, family, { states: 100_000, seed: 1 }),
  )
  const failure = await work.catch((error: unknown) => error)
  if (!(failure instanceof RecordedFailure)) throw new Error('it did not fail', { cause: failure })

  const { steps } = JSON.parse(readFileSync(failure.file, 'utf8'))
  const operations = steps.flatMap(({ workload }: { workload: unknown[] }) => workload)
  expect(operations.length).toBeLessThanOrEqual(3)
  expect(operations.map(([kind]: [string]) => kind)).toContain('fsync')
  expect(steps.flatMap(({ crash }: { crash?: object }) => crash ?? [])).toHaveLength(1)

  await expect(replayFile(forgetful, world, failure.file)).rejects.toBeInstanceOf(CrashFailure)
  await expect(replayFile(opfsAhp, world, failure.file)).resolves.toBeUndefined()
  rmSync(failure.file)
}, 60_000)
