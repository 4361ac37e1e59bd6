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
