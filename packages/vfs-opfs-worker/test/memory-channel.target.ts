// The engine over the channel over an IoStore in memory: what of the conformance suite does not ask for
// persistence, of the channel and the client alone.

import { FILE_SIZE_MAX } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { openOpfsWorker } from '@wasm-vfs/opfs-worker'

export const memoryChannelTarget: ConformanceTarget = {
  name: 'the channel of opfs-worker over memory',
  capabilities: {
    persistent: true,
    synchronousFsync: true,
    hardLinks: false,
    sharedMemoryWithoutCopy: true,
    maxFileSize: FILE_SIZE_MAX,
  },
  open: (storeName) => {
    const worker = new URL('./memory.io-worker.ts', import.meta.url)
    return openOpfsWorker(storeName, { worker, ringBytes: 256 * 1024 })
  },
  destroy: () => Promise.resolve(),
}
