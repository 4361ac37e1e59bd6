import type { Backend, VfsOpener } from './backend.ts'
import { vfsOpener } from './vfs.ts'

export const memory: Backend = {
  name: 'memory',
  summary: 'our engine with nothing underneath: the yardstick',
  durabilities: ['none'],
  persistent: false,
  needs: [],
  vfs,
  async postgres() {
    return vfsOpener(await vfs())
  },
}

async function vfs(): Promise<VfsOpener> {
  const { openMemory } = await import('@wasm-vfs/core')
  return (store) => openMemory(store)
}
