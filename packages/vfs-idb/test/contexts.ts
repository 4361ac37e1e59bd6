// One store's life, in whatever context this runs: made, written, synced, closed, opened again, deleted.

import { ROOT_INO } from '@wasm-vfs/core'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'

const BYTES = 300_000

/** What a round trip answers when all of it worked. */
export const ROUND_TRIP = `read ${BYTES} bytes of 7`

export async function roundTrip(name: string): Promise<string> {
  const vfs = await openIdb(name)
  const file = vfs.create(ROOT_INO, 'file', 0o644)
  vfs.write(file, new Uint8Array(BYTES).fill(7), 0)
  await vfs.sync()
  await vfs.close()
  const again = await openIdb(name)
  const content = new Uint8Array(BYTES + 1)
  const read = again.read(again.lookup(ROOT_INO, 'file'), content, 0)
  await again.close()
  const listed = await listIdb()
  await deleteIdb(name)
  if (!listed.includes(name)) return `${name} is not listed`
  const values = [...new Set(content.subarray(0, read))]
  return `read ${read} bytes of ${values.join()}`
}
