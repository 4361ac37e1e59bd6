import type { Backend } from './backend.ts'
import { pgliteOpener } from './pglite.ts'

export const pgliteOpfsAhp: Backend = {
  name: 'pglite-opfs-ahp',
  summary: "PGlite's opfs-ahp://: one access handle per file, a thousand open ahead",
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  caveats: {
    strict:
      'flushes the WAL and its own state file after each query; data files and pg_control never',
    relaxed: 'flushes nothing, except its state file once a minute',
  },
  async postgres() {
    const [pglite, { OpfsAhpFS }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/opfs-ahp'),
    ])
    return pgliteOpener(pglite, (store) => new OpfsAhpFS(store))
  },
}
