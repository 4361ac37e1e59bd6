// The worker of tools.e2e.test.ts: starts PGlite with an extension, and counts its lives in OPFS.

import { PGlite } from '@electric-sql/pglite'
import { citext } from '@electric-sql/pglite/contrib/citext'
import { openAccessHandle } from '../../../packages/vfs-core/src/backend.ts'

async function countLife(): Promise<number> {
  const root = await navigator.storage.getDirectory()
  const file = await root.getFileHandle('lives', { create: true })
  const handle = await openAccessHandle(file, { path: file.name })
  const lives = handle.getSize() + 1
  handle.write(new Uint8Array(1), { at: lives - 1 })
  handle.flush()
  handle.close()
  return lives
}

async function compare(): Promise<unknown[]> {
  const pg = await PGlite.create({ extensions: { citext } })
  await pg.exec('CREATE EXTENSION citext')
  const { rows } = await pg.query(`SELECT 'A'::citext = 'a'::citext AS equal`)
  await pg.close()
  return rows
}

async function answer({ startPostgres }: { startPostgres: boolean }): Promise<unknown> {
  const lives = await countLife()
  const rows = startPostgres ? await compare() : []
  return { lives, rows, isolated: crossOriginIsolated }
}

self.onmessage = ({ data }) => {
  answer(data).then(
    (reply) => self.postMessage(reply),
    (error: unknown) => self.postMessage({ error: String(error) }),
  )
}
