import type { Backend, VfsOpener } from './backend.ts'
import { onVfs } from './vfs.ts'

const WINDOW_MS = 500

export const opfsWorker: Backend = {
  name: 'opfs-worker',
  summary: '@wasm-vfs/opfs-worker: ordinary OPFS files, behind a worker that is called by Atomics',
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs', 'cross-origin-isolation'],
  windowMs: WINDOW_MS,
  attend(worker) {
    void supply().then((port) => worker.postMessage({ ioWorkers: port }, [port]))
  },
  // Asks the worker for its counters.
  emptyCall: (vfs) => void vfs.stats(),
  ...onVfs(load),
}

async function supply(): Promise<MessagePort> {
  const { supplyIoWorkers } = await import('@wasm-vfs/opfs-worker')
  return supplyIoWorkers().port
}

/** What `attend` has sent to the worker that this runs in. */
const supplied = new Promise<MessagePort>((resolve) => {
  globalThis.addEventListener?.('message', ({ data }: MessageEvent) => {
    if (data?.ioWorkers instanceof MessagePort) resolve(data.ioWorkers)
  })
})

async function load(): Promise<VfsOpener> {
  const { openOpfsWorker } = await import('@wasm-vfs/opfs-worker')
  const worker = await supplied
  return (store, durability) =>
    durability === 'relaxed'
      ? openOpfsWorker(store, { worker, durability, windowMs: WINDOW_MS })
      : openOpfsWorker(store, { worker, durability: 'strict' })
}
