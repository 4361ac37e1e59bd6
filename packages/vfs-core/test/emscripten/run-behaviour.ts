// Runs one behaviour on a Vfs of its own in a module's FS, in Node and in browsers alike.

import { mount } from '../../src/emscripten/index.ts'
import { openMemory } from '../../src/index.ts'
import type { Behaviour, BehaviourModule } from './behaviour.ts'
import { Instrumented } from './instrumented.ts'

let mountsMade = 0

export async function runBehaviour(behaviour: Behaviour, module: BehaviourModule): Promise<void> {
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
