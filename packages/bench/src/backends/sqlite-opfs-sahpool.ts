import type { Backend } from './backend.ts'
import { loadSqlite, SQLITE_CAVEATS, SQLITE_SUMMARY, sqliteDatabase } from './sqlite.ts'

export const sqliteOpfsSahpool: Backend = {
  name: 'sqlite-opfs-sahpool',
  summary: `${SQLITE_SUMMARY}, its VFS opfs-sahpool: access handles opened ahead`,
  quick: true,
  durabilities: ['strict', 'relaxed'],
  persistent: true,
  needs: ['opfs'],
  caveats: SQLITE_CAVEATS,
  async sqlite() {
    const sqlite3 = await loadSqlite('opfs-sahpool')
    return async (store, durability) => {
      const pool = await sqlite3.installOpfsSAHPoolVfs({ directory: `/${store}` })
      return sqliteDatabase(new pool.OpfsSAHPoolDb('/database'), durability, () => pool.pauseVfs())
    }
  },
}
