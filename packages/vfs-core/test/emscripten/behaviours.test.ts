// Every behaviour in every module: one list, five builds, Emscripten 3.1 to 6.0.

import { beforeAll, describe, expect, it } from 'vitest'
import { mount } from '../../src/emscripten/index.ts'
import { openMemory } from '../../src/index.ts'
import type { Behaviour } from './behaviour.ts'
import { behaviours } from './behaviours.ts'
import { Instrumented } from './instrumented.ts'
import { modules, type LoadedModule } from './modules.ts'

let mountsMade = 0

async function run(behaviour: Behaviour, module: LoadedModule): Promise<void> {
  const { FS } = module
  const instrumented = new Instrumented(await openMemory())
  const observed: Error[] = []
  const root = `/mnt/${mountsMade++}`
  const mounted = [root]
  const mountAnother = async (): Promise<string> => {
    const path = `/mnt/${mountsMade++}`
    mount(FS, await openMemory(), path)
    mounted.push(path)
    return path
  }
  const onError = (error: Error): void => void observed.push(error)
  mount(FS, instrumented.vfs, root, { onError })
  const { vfs } = instrumented
  await behaviour.run({ FS, module, vfs, instrumented, root, observed, mountAnother })
  instrumented.before = undefined
  for (const path of mounted) FS.unmount(path)
}

describe.each(modules)('$name (Emscripten $emscripten)', ({ load, without }) => {
  let module: LoadedModule

  beforeAll(async () => {
    module = await load()
  }, 60_000)

  for (const [group, list] of Object.entries(behaviours)) {
    for (const behaviour of list.filter(({ name }) => !without.includes(name))) {
      it(`${group}: ${behaviour.name}`, async () => {
        expect(behaviour.needs?.(module.FS) ?? true, 'the release has the call').toBe(true)
        await run(behaviour, module)
      })
    }
  }

  it('goes without only what its release does not have', () => {
    const all = Object.values(behaviours).flat()
    const lacking = all.filter(({ needs }) => needs?.(module.FS) === false)
    expect(lacking.map(({ name }) => name).toSorted()).toEqual(without.toSorted())
  })
})
