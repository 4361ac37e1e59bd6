import type { Backend, VfsOpener } from './backend.ts'
import { onVfs } from './vfs.ts'

const WINDOW_MS = 500

export const opfsAhp: Backend = {
  name: 'opfs-ahp',
  summary: '@wasm-vfs/opfs-ahp: a small pool of sync access handles',
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  windowMs: WINDOW_MS,
  isLog: (file) => file.endsWith('.jsonl'),
  ...onVfs(load),
}

async function load(): Promise<VfsOpener> {
  const { openOpfsAhp } = await import('@wasm-vfs/opfs-ahp')
  return (store, durability) =>
    durability === 'relaxed'
      ? openOpfsAhp(store, { durability, windowMs: WINDOW_MS })
      : openOpfsAhp(store, { durability: 'strict' })
}
