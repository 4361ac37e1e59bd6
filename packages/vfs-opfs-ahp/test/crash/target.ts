// opfs-ahp as the crash machinery of the core sees it.

import { VfsError } from '@wasm-vfs/core'
import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import type { CrashTarget } from '@wasm-vfs/core/testing/crash'
import { checkOpfsAhp, openOpfsAhp } from '@wasm-vfs/opfs-ahp'

const NAME = 'store'
const HANDLES = 10
const WINDOW_MS = 500

export const target: CrashTarget = {
  name: 'opfs-ahp',
  settlingMs: 60_000,
  windowMs: WINDOW_MS,

  open: (opfs, { level, cacheBytes }) =>
    openOpfsAhp(NAME, {
      directory: opfs.root,
      durability: level,
      cacheBytes,
      windowMs: WINDOW_MS,
      maxHandles: HANDLES,
    }),

  async check(image) {
    const directory = new SimulatedOpfs({ image }).root
    const { problems, closed } = await checkOpfsAhp(NAME, { directory })
    return closed ? problems : [...problems, 'the store does not say that it was closed']
  },

  saysNeverSettled: (error) =>
    error instanceof VfsError && error.code === 'EIO' && error.message.includes('never settled'),

  // A generous reservation is made smaller, an image is tried again later.
  absorbs: ({ kind, path }) => kind === 'truncate' || path.endsWith('/state-b.jsonl'),
}
