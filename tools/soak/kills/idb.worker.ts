import { openIdb } from '../../../packages/vfs-idb/src/index.ts'
import { serveKills } from './worker.ts'

serveKills(openIdb)
