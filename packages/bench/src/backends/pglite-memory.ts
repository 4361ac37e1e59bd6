import type { Backend } from './backend.ts'
import { pgliteOpener } from './pglite.ts'

export const pgliteMemory: Backend = {
  name: 'pglite-memory',
  summary: "PGlite's default: Emscripten's MEMFS",
  quick: true,
  durabilities: ['none'],
  persistent: false,
  needs: [],
  async postgres() {
    const pglite = await import('@electric-sql/pglite')
    return pgliteOpener(pglite, () => new pglite.MemoryFS())
  },
}
