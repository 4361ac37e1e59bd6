import type { Backend } from './backend.ts'
import { waSqliteOpener } from './wa-sqlite.ts'

export const waSqliteIdb: Backend = {
  name: 'wa-sqlite-idb',
  summary: 'the same SQL on wa-sqlite, its IDBBatchAtomicVFS: pages in IndexedDB',
  quick: false,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['indexeddb'],
  caveats: {
    relaxed: 'synchronous=NORMAL: relaxed transactions, and a commit does not wait for them',
  },
  sqlite: () =>
    waSqliteOpener({
      vfs: 'IDBBatchAtomicVFS',
      build: 'wa-sqlite-async',
      pragmas: { strict: 'PRAGMA synchronous=FULL', relaxed: 'PRAGMA synchronous=NORMAL' },
    }),
}
