// opfs-worker as targets of the conformance suite and the model tests.

import { FILE_SIZE_MAX } from '@wasm-vfs/core'
import type { ConformanceTarget } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker } from '@wasm-vfs/opfs-worker'
import { ioWorkers } from './io-workers.ts'

export const opfsWorkerTarget: ConformanceTarget = {
  name: 'opfs-worker',
  capabilities: {
    persistent: true,
    synchronousFsync: true,
    hardLinks: false,
    sharedMemoryWithoutCopy: true,
    maxFileSize: FILE_SIZE_MAX,
  },
  open: async (storeName) => openOpfsWorker(storeName, await ioWorkers()),
  destroy: (storeName) => deleteOpfsWorker(storeName),
}

/** As short of handles and of room in the ring as options allow. */
export const crampedTarget: ConformanceTarget = {
  ...opfsWorkerTarget,
  name: 'opfs-worker, cramped and relaxed',
  open: async (storeName) =>
    openOpfsWorker(storeName, {
      ...(await ioWorkers()),
      durability: 'relaxed',
      maxHandles: 8,
      ringBytes: 65_536,
    }),
}
