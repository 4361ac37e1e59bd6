import { openOpfsWorker } from '../../../packages/vfs-opfs-worker/src/index.ts'
import { serveKills } from './worker.ts'

serveKills(openOpfsWorker)
