// The page between the driver and the workers: one worker for each store.

import { TaskWorker } from '../../../packages/vfs-core/src/testing/rpc.ts'
import { withIoWorkers } from '../../../packages/vfs-opfs-worker/test/io-workers.page.ts'
import type { OpenRequest, Program } from './worker.ts'

/** Of a machine that does much else, too. */
const DEADLINE_MS = 120_000

/** Each backend's worker is bundled beside this page. */
function workerOf(backend: string): Worker {
  const script = new URL(`./${backend}.worker.js`, import.meta.url)
  const worker = new Worker(script, { type: 'module' })
  return backend.startsWith('opfs-worker') ? withIoWorkers(worker) : worker
}

const workers = new Map<string, TaskWorker>()
let loading: Promise<Program> | undefined

async function loadProgram(): Promise<Program> {
  // Put beside this page with the workers that use them.
  const [pgliteWasmModule, fsBundle] = await Promise.all([
    WebAssembly.compileStreaming(fetch(new URL('./pglite.wasm', import.meta.url))),
    fetch(new URL('./pglite.data', import.meta.url)).then((response) => response.blob()),
  ])
  return { pgliteWasmModule, fsBundle }
}

export interface KillsPage {
  call(backend: string, store: string, task: string, argument?: unknown): Promise<unknown>
  terminateAll(): void
}

declare global {
  var kills: KillsPage
}

globalThis.kills = {
  async call(backend, store, task, argument) {
    let worker = workers.get(store)
    if (worker === undefined) {
      worker = new TaskWorker(() => workerOf(backend))
      workers.set(store, worker)
    }
    if (task !== 'open' || backend.endsWith('.programs'))
      return worker.call(task, argument, DEADLINE_MS)
    const program = await (loading ??= loadProgram())
    return worker.call(task, { ...(argument as OpenRequest), program }, DEADLINE_MS)
  },

  terminateAll() {
    for (const worker of workers.values()) worker.terminate()
  },
}
