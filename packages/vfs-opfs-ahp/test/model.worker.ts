// The page chooses the target by the worker's name.

import { serveModel } from '@wasm-vfs/core/testing/model'
import { crampedTarget, opfsAhpTarget } from './opfs-ahp.target.ts'

serveModel(self.name === crampedTarget.name ? crampedTarget : opfsAhpTarget)
