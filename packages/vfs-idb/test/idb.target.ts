// IndexedDB as a target of the conformance suite and the model tests.

import { FILE_SIZE_MAX } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'

export const idbTarget: ConformanceTarget = {
  name: 'idb',
  capabilities: {
    persistent: true,
    synchronousFsync: false,
    hardLinks: true,
    sharedMemoryWithoutCopy: false,
    maxFileSize: FILE_SIZE_MAX,
  },
  open: (storeName) => openIdb(storeName),
  destroy: (storeName) => deleteIdb(storeName),
}
