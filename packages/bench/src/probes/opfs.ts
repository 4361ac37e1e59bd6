// OPFS sync access handles: opening one, and 8 KiB (a Postgres page) read, written, and made durable.

import type { Probe, ProbeBench } from './probe.ts'

const PAGE_BYTES = 8_192
/** Overwritten in turn, so that a file of a fixed size is never extended. */
const PAGES = 64

async function onFile(
  use: (handle: FileSystemSyncAccessHandle, file: FileSystemFileHandle) => ProbeBench['operation'],
): Promise<ProbeBench> {
  const root = await navigator.storage.getDirectory()
  const name = `probe-${crypto.randomUUID()}`
  const file = await root.getFileHandle(name, { create: true })
  const handle = await file.createSyncAccessHandle()
  handle.write(new Uint8Array(PAGE_BYTES * PAGES).fill(0x5a), { at: 0 })
  handle.flush()
  return {
    operation: use(handle, file),
    async tearDown() {
      handle.close()
      await root.removeEntry(name)
    },
  }
}

function inTurn(): () => number {
  let page = 0
  return () => (page++ % PAGES) * PAGE_BYTES
}

export const opfsOpen: Probe = {
  name: 'opfs-open',
  summary: 'open and close a sync access handle of an existing file',
  unit: 'us',
  needs: ['opfs'],
  batch: 1,
  setUp: () =>
    onFile((handle, file) => {
      handle.close()
      return async () => {
        const reopened = await file.createSyncAccessHandle()
        reopened.close()
      }
    }),
}

export const opfsRead: Probe = {
  name: 'opfs-read-8k',
  summary: 'read 8 KiB through a sync access handle',
  unit: 'us',
  needs: ['opfs'],
  batch: 20,
  setUp: () =>
    onFile((handle) => {
      const page = new Uint8Array(PAGE_BYTES)
      const next = inTurn()
      return () => void handle.read(page, { at: next() })
    }),
}

export const opfsWrite: Probe = {
  name: 'opfs-write-8k',
  summary: 'overwrite 8 KiB through a sync access handle',
  unit: 'us',
  needs: ['opfs'],
  batch: 20,
  setUp: () =>
    onFile((handle) => {
      const page = new Uint8Array(PAGE_BYTES).fill(0xa5)
      const next = inTurn()
      return () => void handle.write(page, { at: next() })
    }),
}

export const opfsWriteFlush: Probe = {
  name: 'opfs-write-8k-flush',
  summary:
    'overwrite 8 KiB through a sync access handle and flush it: the floor of a strict commit',
  unit: 'us',
  needs: ['opfs'],
  batch: 1,
  setUp: () =>
    onFile((handle) => {
      const page = new Uint8Array(PAGE_BYTES).fill(0xa5)
      const next = inTurn()
      return () => {
        handle.write(page, { at: next() })
        handle.flush()
      }
    }),
}
