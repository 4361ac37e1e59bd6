import type { Backend } from './backend.ts'
import { pgliteOpener } from './pglite.ts'

export const pgliteIdb: Backend = {
  name: 'pglite-idb',
  summary: "PGlite's idb://: Emscripten's IDBFS, every changed file whole to IndexedDB",
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['indexeddb'],
  caveats: {
    strict:
      "waits for the transaction, at the browser's default durability (not flushed in Chromium and Firefox)",
    relaxed:
      'does not wait for the transaction: a query can resolve before anything was handed down',
  },
  async postgres() {
    const pglite = await import('@electric-sql/pglite')
    return pgliteOpener(pglite, (store) => new pglite.IdbFs(store))
  },
}
