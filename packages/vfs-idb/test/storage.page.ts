// The page of storage.e2e.test.ts: one store, driven by the test.

import { ROOT_INO, VfsError, type Vfs } from '@wasm-vfs/core'
import { openIdb } from '@wasm-vfs/idb'

let vfs: Vfs | undefined

/** `'done'`, or the code and message of the VfsError. */
async function outcomeOf(work: () => void | Promise<void>): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (error) {
    if (error instanceof VfsError) return error.message
    throw error
  }
}

/** Bytes that do not compress, so that they take the space they seem to. */
function incompressible(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)))
  }
  return bytes
}

const driver = {
  open: (name: string) =>
    outcomeOf(async () => {
      vfs = await openIdb(name)
    }),
  write: (name: string, length: number) =>
    outcomeOf(() => {
      const there = vfs!.readdir(ROOT_INO).find((entry) => entry.name === name)
      vfs!.write(there?.ino ?? vfs!.create(ROOT_INO, name, 0o644), incompressible(length), 0)
    }),
  remove: (name: string) => outcomeOf(() => vfs!.unlink(ROOT_INO, name)),
  sync: () => outcomeOf(() => vfs!.sync()),
  close: () => outcomeOf(() => vfs!.close()),
  names: () => vfs!.readdir(ROOT_INO).map(({ name }) => name),
  sizes: () => vfs!.readdir(ROOT_INO).map(({ ino }) => vfs!.getattr(ino).size),
  clearSiteData: async () => {
    await fetch('/clear-site-data', { cache: 'no-store' })
  },
}

declare global {
  var storageDriver: typeof driver
}

globalThis.storageDriver = driver
