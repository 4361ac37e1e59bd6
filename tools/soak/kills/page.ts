// The page between the driver and the workers: one worker for each store.

import { TaskWorker } from '../../../packages/vfs-core/src/testing/rpc.ts'

const DEADLINE_MS = 90_000

/** Each backend's worker is bundled beside this page. */
function workerOf(backend: string): Worker {
  return new Worker(new URL(`./${backend}.worker.js`, import.meta.url), { type: 'module' })
}

const workers = new Map<string, TaskWorker>()

export interface KillsPage {
  call(backend: string, store: string, task: string, argument?: unknown): Promise<unknown>
  terminateAll(): void
}

declare global {
  var kills: KillsPage
}

globalThis.kills = {
  call(backend, store, task, argument) {
    let worker = workers.get(store)
    if (worker === undefined) {
      worker = new TaskWorker(() => workerOf(backend))
      workers.set(store, worker)
    }
    return worker.call(task, argument, DEADLINE_MS)
  },

  terminateAll() {
    for (const worker of workers.values()) worker.terminate()
  },
}
