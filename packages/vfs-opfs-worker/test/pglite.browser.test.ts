// Postgres on opfs-worker: the life that every OPFS backend has to give it.

import { describe } from 'vitest'
import { definePgliteLife } from '../../vfs-core/test/pglite/life.ts'
import { withIoWorkers } from './io-workers.page.ts'

describe('PGlite on opfs-worker', () => {
  definePgliteLife({
    makeWorker: () =>
      withIoWorkers(new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' })),
    mostHandles: 96,
    deadlineMs: 120_000,
  })
})
