// sql.js as an ES module that shows its FS. Its debug build is the one in which the FS has its name; the build
// does not export it, so one line is added. Called by site.ts, loaded by serve-programs.ts.

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const BUILD = 'sql-wasm-browser-debug'
const EXPORT = "Module['cwrap'] = cwrap;"
const FROM_BYTES = 'this.filename = "dbfile_" + (0xffffffff * Math.random() >>> 0);'

/** Writes `sqlite.js` and its .wasm. */
export async function writeSqlite(folder: string): Promise<void> {
  const require = createRequire(import.meta.url)
  let text = await readFile(require.resolve(`sql.js/dist/${BUILD}.js`), 'utf8')
  text = replaced(text, EXPORT, `${EXPORT} Module['FS'] = FS;`)
  // A database has a path instead of the bytes of a file in memory.
  text = replaced(text, FROM_BYTES, 'this.filename = data; data = null;')
  // It assigns to a name that only CommonJS has.
  await writeFile(join(folder, 'sqlite.js'), `var module\n${text}\nexport default initSqlJs\n`)
  const wasm = `${BUILD}.wasm`
  await copyFile(require.resolve(`sql.js/dist/${wasm}`), join(folder, wasm))
}

function replaced(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`this build of sql.js has no '${from}'`)
  return text.replace(from, () => to)
}
