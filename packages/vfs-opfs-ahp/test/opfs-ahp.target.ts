// The access handle pool as a target of the conformance suite and the model tests.

import { FILE_SIZE_MAX } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { deleteOpfsAhp, openOpfsAhp } from '@wasm-vfs/opfs-ahp'

export const opfsAhpTarget: ConformanceTarget = {
  name: 'opfs-ahp',
  capabilities: {
    persistent: true,
    synchronousFsync: true,
    hardLinks: true,
    sharedMemoryWithoutCopy: false,
    maxFileSize: FILE_SIZE_MAX,
  },
  open: (storeName) => openOpfsAhp(storeName),
  destroy: (storeName) => deleteOpfsAhp(storeName),
}

/** As short of handles and of cache as options allow, so that files share, move and spill early. */
export const crampedTarget: ConformanceTarget = {
  ...opfsAhpTarget,
  name: 'opfs-ahp, cramped and relaxed',
  open: (storeName) => {
    return openOpfsAhp(storeName, { durability: 'relaxed', maxHandles: 8, cacheBytes: 8192 })
  },
}
