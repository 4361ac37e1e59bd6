// A page that hands calls of the test on to the PGlite worker.

import { TaskWorker } from '@wasm-vfs/core/testing'

const DEADLINE_MS = 90_000

const worker = new TaskWorker(
  () => new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' }),
)

declare global {
  var callWorker: (task: string, argument?: unknown) => Promise<unknown>
}

globalThis.callWorker = (task, argument) => worker.call(task, argument, DEADLINE_MS)
