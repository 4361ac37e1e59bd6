// A worker with one PGlite on opfs-worker at a time, driven by the tests of this folder.

import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker, type OpfsWorkerOptions } from '@wasm-vfs/opfs-worker'
import { pgliteTasks } from '../../vfs-core/test/pglite/worker-tasks.ts'
import { ioWorkers } from './io-workers.ts'

serveTasks(
  pgliteTasks({
    open: async (name, options: OpfsWorkerOptions = {}) =>
      openOpfsWorker(name, { ...(await ioWorkers()), ...options }),
    remove: deleteOpfsWorker,
  }),
)
