// The conformance suite on opfs-worker, in a worker of each browser: as it opens by default, and with few
// handles.

import { defineConformanceInWorker } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { withIoWorkers } from './io-workers.page.ts'
import { crampedTarget, opfsWorkerTarget } from './opfs-worker.target.ts'

const start = (name: string) => (): Worker =>
  withIoWorkers(
    new Worker(new URL('./conformance.worker.ts', import.meta.url), { type: 'module', name }),
  )

defineConformanceInWorker({ describe, it }, opfsWorkerTarget, start(opfsWorkerTarget.name))
defineConformanceInWorker({ describe, it }, crampedTarget, start(crampedTarget.name))
