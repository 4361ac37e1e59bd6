// Writes to four files under a watch, and answers with what it counted at three moments.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import { HandleWatch } from './handle-watch.ts'

const PAGE = new Uint8Array(4_096)

const watch = new HandleWatch((file) => file.endsWith('.log'))
watch.install()
const root = await navigator.storage.getDirectory()
const directory = await root.getDirectoryHandle(crypto.randomUUID(), { create: true })
const names = ['unflushed', 'flushed', 'later', 'own.log']
const handles = await Promise.all(
  names.map(async (name) => {
    const file = await directory.getFileHandle(name, { create: true })
    return openAccessHandle(file, { path: name })
  }),
)
const [unflushed, flushed, later, log] = handles as [
  FileSystemSyncAccessHandle,
  FileSystemSyncAccessHandle,
  FileSystemSyncAccessHandle,
  FileSystemSyncAccessHandle,
]

unflushed.write(PAGE, { at: 0 })
flushed.write(PAGE, { at: 0 })
log.write(PAGE, { at: 0 })
flushed.flush()
watch.mark()
const counts = [watch.dirtiedSinceMark()]

later.truncate(100)
later.write(PAGE, { at: 0 })
log.write(PAGE, { at: 0 })
counts.push(watch.dirtiedSinceMark())

for (const handle of handles) handle.flush()
watch.mark()
counts.push(watch.dirtiedSinceMark())
for (const handle of handles) handle.close()
await root.removeEntry(directory.name, { recursive: true })
postMessage(counts)
