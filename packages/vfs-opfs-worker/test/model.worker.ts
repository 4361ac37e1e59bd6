// The page chooses the target by the worker's name.

import { serveModel } from '@wasm-vfs/core/testing/model'
import { crampedTarget, opfsWorkerTarget } from './opfs-worker.target.ts'

serveModel(self.name === crampedTarget.name ? crampedTarget : opfsWorkerTarget)
