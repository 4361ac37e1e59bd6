import type { Backend } from './backend.ts'
import { vfsOpener } from './vfs.ts'

export const memory: Backend = {
  name: 'memory',
  summary: 'our engine with nothing underneath: the yardstick',
  durabilities: ['none'],
  persistent: false,
  needs: [],
  async postgres() {
    const { openMemory } = await import('@wasm-vfs/core')
    return vfsOpener((store) => openMemory(store))
  },
}
