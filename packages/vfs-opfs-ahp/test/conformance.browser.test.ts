// The conformance suite on the access handle pool, in a worker of each browser.

import { defineConformanceInWorker } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { opfsAhpTarget } from './opfs-ahp.target.ts'

defineConformanceInWorker(
  { describe, it },
  opfsAhpTarget,
  () => new Worker(new URL('./conformance.worker.ts', import.meta.url), { type: 'module' }),
)
