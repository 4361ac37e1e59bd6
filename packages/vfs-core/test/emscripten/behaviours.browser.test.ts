// The behaviours in a browser, in PGlite's module: the other programs are tested in Node, and what
// differs here is the JavaScript engine under the glue.

import { PGlite } from '@electric-sql/pglite'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BehaviourModule } from './behaviour.ts'
import { behaviours } from './behaviours.ts'
import { runBehaviour } from './run-behaviour.ts'
import type { TestFS } from './test-fs.ts'

describe('@electric-sql/pglite 0.5.16 (Emscripten 6.0.3)', () => {
  let module: BehaviourModule
  let ran = 0

  beforeAll(async () => {
    const { Module } = await PGlite.create({ noInitDb: true })
    module = { FS: Module.FS as TestFS, heap: () => Module.HEAPU8 }
  })

  for (const [group, list] of Object.entries(behaviours)) {
    for (const behaviour of list.filter(({ name }) => !name.startsWith('posix_fallocate'))) {
      it(`${group}: ${behaviour.name}`, async () => {
        expect(behaviour.needs?.(module.FS) ?? true, 'the release has the call').toBe(true)
        await runBehaviour(behaviour, module)
        ran++
      })
    }
  }

  it('goes without nothing but posix_fallocate', () => {
    expect(ran).toBe(Object.values(behaviours).flat().length - 1)
  })
})
