import type { Backend } from './backend.ts'
import { zenfsOpener } from './zenfs.ts'

export const zenfsIdb: Backend = {
  name: 'zenfs-idb',
  summary: '@zenfs/core with @zenfs/dom’s IndexedDB: asynchronous, a record per file',
  quick: false,
  durabilities: ['relaxed'],
  persistent: true,
  needs: ['indexeddb'],
  caveats: { relaxed: 'transactions at the browser’s default durability, which flushes nothing' },
  files: () =>
    zenfsOpener(({ configureSingle, IndexedDB }, store) =>
      configureSingle({ backend: IndexedDB, storeName: store }),
    ),
}
