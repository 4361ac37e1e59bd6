// The conformance suite on IndexedDB, in a window and in a worker of each browser.

import { defineConformance, defineConformanceInWorker } from '@wasm-vfs/core/testing'
import { describe, it } from 'vitest'
import { idbTarget } from './idb.target.ts'

defineConformance({ describe, it }, { ...idbTarget, name: 'idb in a window' })

defineConformanceInWorker(
  { describe, it },
  idbTarget,
  () => new Worker(new URL('./conformance.worker.ts', import.meta.url), { type: 'module' }),
)
