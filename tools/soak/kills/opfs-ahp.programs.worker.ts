import { openOpfsAhp } from '../../../packages/vfs-opfs-ahp/src/index.ts'
import { servePrograms } from './serve-programs.ts'

servePrograms(openOpfsAhp)
