import { openOpfsWorker } from '../../../packages/vfs-opfs-worker/src/index.ts'
import { ioWorkers } from '../../../packages/vfs-opfs-worker/test/io-workers.ts'
import { serveKills } from './worker.ts'

serveKills(async (name, settings) => openOpfsWorker(name, { ...(await ioWorkers()), ...settings }))
