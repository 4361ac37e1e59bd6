// What this backend needs of the place it runs in, and the names of a store. Called before anything is
// opened or deleted.

import { VfsError } from '@wasm-vfs/core/backend'

/** ENOTSUP where there is no OPFS. */
export function checkStorage(): void {
  const storage = (globalThis as Partial<typeof globalThis>).navigator?.storage
  if (typeof storage?.getDirectory === 'function') return
  throw unsupported(
    'there is no OPFS here (it needs a browser and https or localhost); use @wasm-vfs/idb',
  )
}

/** ENOTSUP that says what is missing and what to use instead. */
export function checkEnvironment(makesWorker: boolean): void {
  checkStorage()
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer !== 'function') {
    throw unsupported(
      'this page is not cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and ' +
        'Cross-Origin-Embedder-Policy: require-corp, or use @wasm-vfs/opfs-ahp, which needs no headers',
    )
  }
  if (!canBlock()) {
    throw unsupported(
      'a window must not block; run this in a dedicated Worker, or use @wasm-vfs/idb',
    )
  }
  if (makesWorker && typeof Worker !== 'function') {
    throw unsupported(
      'this kind of worker cannot make another; pass the port of `supplyIoWorkers` as `worker`, run this in ' +
        'a dedicated Worker, or use @wasm-vfs/idb',
    )
  }
}

function canBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
    return true
  } catch {
    return false
  }
}

function unsupported(detail: string): VfsError {
  return new VfsError('ENOTSUP', 'open', { detail })
}

/** TypeError if it is no string, EINVAL if OPFS has no such name. Returns its components. */
export function checkStoreName(name: string): string[] {
  if (typeof name !== 'string')
    throw new TypeError(`a store's name is a string, not ${typeof name}`)
  const path = name.split('/')
  for (const part of path) {
    if (part === '' || part === '.' || part === '..' || part.includes('\\')) {
      throw new VfsError('EINVAL', 'open', {
        path: name,
        detail: `a store's name is a directory in OPFS, and '${part}' cannot be one`,
      })
    }
  }
  return path
}

/** The Web Lock that the owner of a store holds. */
export function lockName(name: string): string {
  return `wasm-vfs/opfs-worker:${name}`
}

/** The Web Lock that an I/O worker holds as long as it may touch the store's files. */
export function ioLockName(name: string): string {
  return `wasm-vfs/opfs-worker-io:${name}`
}
