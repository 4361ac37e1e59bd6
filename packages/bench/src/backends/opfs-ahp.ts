import type { Backend } from './backend.ts'
import { vfsOpener } from './vfs.ts'

export const opfsAhp: Backend = {
  name: 'opfs-ahp',
  summary: '@wasm-vfs/opfs-ahp: a small pool of sync access handles',
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  async postgres() {
    const { openOpfsAhp } = await import('@wasm-vfs/opfs-ahp')
    return vfsOpener((store, durability) =>
      openOpfsAhp(store, { durability: durability === 'relaxed' ? 'relaxed' : 'strict' }),
    )
  },
}
