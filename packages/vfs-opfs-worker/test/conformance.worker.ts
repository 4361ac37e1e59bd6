// The page chooses the target by the worker's name.

import { serveConformance } from '@wasm-vfs/core/testing'
import { crampedTarget, opfsWorkerTarget } from './opfs-worker.target.ts'

serveConformance(self.name === crampedTarget.name ? crampedTarget : opfsWorkerTarget)
