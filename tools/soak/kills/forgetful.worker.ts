// A store that keeps nothing, to see that the rounds notice: its database is in memory, and the next session
// finds none.

import { openMemory } from '../../../packages/vfs-core/src/index.ts'
import { serveKills } from './worker.ts'

serveKills((name) => openMemory(name))
