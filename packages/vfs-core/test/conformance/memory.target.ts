// The memory backend as a conformance target; shared by its runs in Node, in a window and in a worker.

import { FILE_SIZE_MAX, openMemory } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'

export const memoryTarget: ConformanceTarget = {
  name: 'memory',
  capabilities: {
    persistent: false,
    synchronousFsync: true,
    hardLinks: true,
    sharedMemoryWithoutCopy: false,
    maxFileSize: FILE_SIZE_MAX,
  },
  open: (storeName) => openMemory(storeName),
  // Nothing outlives a memory file system that is closed.
  destroy: () => Promise.resolve(),
}
