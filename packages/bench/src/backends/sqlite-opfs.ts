import type { Backend } from './backend.ts'
import { loadSqlite, SQLITE_CAVEATS, SQLITE_SUMMARY, sqliteDatabase } from './sqlite.ts'

export const sqliteOpfs: Backend = {
  name: 'sqlite-opfs',
  summary: `${SQLITE_SUMMARY}, its VFS opfs: another worker, called by Atomics`,
  quick: false,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs', 'cross-origin-isolation'],
  caveats: SQLITE_CAVEATS,
  async sqlite() {
    const sqlite3 = await loadSqlite('opfs')
    const { OpfsDb } = sqlite3.oo1
    if (OpfsDb === undefined) throw new Error('SQLite did not install its VFS opfs')
    return async (store, durability) =>
      sqliteDatabase(new OpfsDb(`/${store}/database`, 'c'), durability)
  },
}
