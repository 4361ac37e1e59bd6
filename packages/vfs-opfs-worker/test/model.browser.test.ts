import { defineModelTests } from '../../vfs-core/test/model/in-browsers.ts'
import { withIoWorkers } from './io-workers.page.ts'
import { crampedTarget, opfsWorkerTarget } from './opfs-worker.target.ts'

defineModelTests([opfsWorkerTarget, crampedTarget], (name) =>
  withIoWorkers(
    new Worker(new URL('./model.worker.ts', import.meta.url), { type: 'module', name }),
  ),
)
