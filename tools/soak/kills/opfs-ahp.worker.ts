import { openOpfsAhp } from '../../../packages/vfs-opfs-ahp/src/index.ts'
import { serveKills } from './worker.ts'

serveKills(openOpfsAhp)
