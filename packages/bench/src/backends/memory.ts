import type { Backend, VfsOpener } from './backend.ts'
import { onVfs } from './vfs.ts'

export const memory: Backend = {
  name: 'memory',
  summary: 'our engine with nothing underneath: the yardstick',
  quick: true,
  durabilities: ['none'],
  persistent: false,
  needs: [],
  ...onVfs(load),
}

async function load(): Promise<VfsOpener> {
  const { openMemory } = await import('@wasm-vfs/core')
  return (store) => openMemory(store)
}
