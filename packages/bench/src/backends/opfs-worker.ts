import type { Backend, VfsOpener } from './backend.ts'
import { onVfs } from './vfs.ts'

const WINDOW_MS = 500

export const opfsWorker: Backend = {
  name: 'opfs-worker',
  summary: '@wasm-vfs/opfs-worker: ordinary OPFS files, behind a worker that is called by Atomics',
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs', 'cross-origin-isolation'],
  windowMs: WINDOW_MS,
  // Asks the worker for its counters.
  emptyCall: (vfs) => void vfs.stats(),
  ...onVfs(load),
}

async function load(): Promise<VfsOpener> {
  const { openOpfsWorker } = await import('@wasm-vfs/opfs-worker')
  return (store, durability) =>
    durability === 'relaxed'
      ? openOpfsWorker(store, { durability, windowMs: WINDOW_MS })
      : openOpfsWorker(store, { durability: 'strict' })
}
