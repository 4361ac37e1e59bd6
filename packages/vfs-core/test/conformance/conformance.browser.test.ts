// The conformance suite on the memory backend in a window and in a worker of each browser.

import { defineConformance, defineConformanceInWorker } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { memoryTarget } from './memory.target.ts'

defineConformance({ describe, it }, { ...memoryTarget, name: 'memory in a window' })

defineConformanceInWorker(
  { describe, it },
  memoryTarget,
  () => new Worker(new URL('./conformance.worker.ts', import.meta.url), { type: 'module' }),
)
