import type { Backend } from './backend.ts'
import { SQLITE_CAVEATS } from './sqlite.ts'
import { waSqliteOpener } from './wa-sqlite.ts'

export const waSqliteOpfs: Backend = {
  name: 'wa-sqlite-opfs',
  summary: 'the same SQL on wa-sqlite, its OPFSCoopSyncVFS: access handles, shared between tabs',
  quick: false,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  caveats: SQLITE_CAVEATS,
  sqlite: () =>
    waSqliteOpener({
      vfs: 'OPFSCoopSyncVFS',
      build: 'wa-sqlite',
      pragmas: { strict: 'PRAGMA synchronous=FULL', relaxed: 'PRAGMA synchronous=OFF' },
    }),
}
