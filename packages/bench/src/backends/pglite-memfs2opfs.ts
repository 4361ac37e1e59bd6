import type { Backend } from './backend.ts'
import { pgliteOpener } from './pglite.ts'

export const pgliteMemfs2opfs: Backend = {
  name: 'pglite-memfs2opfs',
  summary: "PGlite's memfs2opfs://: files in memory, changed ranges to OPFS after each query",
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  caveats: {
    strict:
      'flushes each changed file after each query; names are not covered, and all files stay in memory',
    relaxed: 'writes after the query has resolved, and flushes nothing',
  },
  async postgres() {
    const [pglite, { Memfs2OpfsFS }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/memfs2opfs'),
    ])
    return pgliteOpener(pglite, (store) => new Memfs2OpfsFS(store))
  },
}
