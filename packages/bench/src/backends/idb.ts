import type { Backend, VfsOpener } from './backend.ts'
import { onVfs } from './vfs.ts'

export const idb: Backend = {
  name: 'idb',
  summary:
    '@wasm-vfs/idb: files in memory, changed chunks to IndexedDB in one transaction per sync',
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['indexeddb'],
  ...onVfs(load),
}

async function load(): Promise<VfsOpener> {
  const { openIdb } = await import('@wasm-vfs/idb')
  return (store, durability) =>
    openIdb(store, { durability: durability === 'relaxed' ? 'relaxed' : 'strict' })
}
