// Every behaviour in every module: one list, five builds, Emscripten 3.1 to 6.0.

import { beforeAll, describe, expect, it } from 'vitest'
import type { BehaviourModule } from './behaviour.ts'
import { behaviours } from './behaviours.ts'
import { modules } from './modules.ts'
import { runBehaviour } from './run-behaviour.ts'

describe.each(modules)('$name (Emscripten $emscripten)', ({ load, without }) => {
  let module: BehaviourModule

  beforeAll(async () => {
    module = await load()
  }, 60_000)

  for (const [group, list] of Object.entries(behaviours)) {
    for (const behaviour of list.filter(({ name }) => !without.includes(name))) {
      it(`${group}: ${behaviour.name}`, async () => {
        expect(behaviour.needs?.(module.FS) ?? true, 'the release has the call').toBe(true)
        await runBehaviour(behaviour, module)
      })
    }
  }

  it('goes without only what its release does not have', () => {
    const all = Object.values(behaviours).flat()
    const lacking = all.filter(({ needs }) => needs?.(module.FS) === false)
    expect(lacking.map(({ name }) => name).toSorted()).toEqual(without.toSorted())
  })
})
