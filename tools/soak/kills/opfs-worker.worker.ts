import { openOpfsWorker } from '../../../packages/vfs-opfs-worker/src/index.ts'
import { ioWorkers } from '../../../packages/vfs-opfs-worker/test/io-workers.ts'
import { CHANGES, probeMethods } from './phases.ts'
import { serveKills } from './worker.ts'

serveKills(async (name, settings) => {
  const vfs = await openOpfsWorker(name, { ...(await ioWorkers()), ...settings })
  // Storage is called in another thread, which has no probes.
  probeMethods(vfs, CHANGES)
  return vfs
})
