import { openOpfsWorker } from '../../../packages/vfs-opfs-worker/src/index.ts'
import { ioWorkers, needsSupply } from '../../../packages/vfs-opfs-worker/test/io-workers.ts'
import { CHANGES, probeMethods } from './phases.ts'
import { servePrograms } from './serve-programs.ts'

servePrograms(async (name, settings, control) => {
  if (needsSupply) {
    const vfs = await openOpfsWorker(name, { ...(await ioWorkers()), ...settings })
    // The worker that the page makes has no probes, so the program stops between two calls of the file system.
    probeMethods(vfs, CHANGES)
    return vfs
  }
  const worker = new Worker(new URL('./probed.io-worker.ts', import.meta.url), { type: 'module' })
  worker.postMessage({ control })
  return openOpfsWorker(name, { worker, ...settings })
})
