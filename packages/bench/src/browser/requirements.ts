// Checks what a backend or probe needs of the browser before it is tried, so that its cell can say
// what is missing. Runs in a worker, where sync access handles are.

import type { Requirement } from '../backends/backend.ts'

/** The first need that is not met, in words; undefined if all are. */
export async function unmet(needs: readonly Requirement[]): Promise<string | undefined> {
  for (const need of needs) {
    const missing = await CHECKS[need]()
    if (missing !== undefined) return missing
  }
  return undefined
}

const CHECKS: Readonly<Record<Requirement, () => Promise<string | undefined>>> = {
  async opfs() {
    if (typeof FileSystemFileHandle === 'undefined') return 'this browser has no OPFS'
    if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) {
      return 'this browser has no sync access handles'
    }
    try {
      await navigator.storage.getDirectory()
      return undefined
    } catch (error) {
      return `OPFS is closed to this page: ${String(error)}`
    }
  },
  indexeddb: () =>
    Promise.resolve(typeof indexedDB === 'undefined' ? 'this browser has no IndexedDB' : undefined),
  'cross-origin-isolation': () => {
    if (!globalThis.crossOriginIsolated)
      return Promise.resolve('the page is not cross-origin isolated')
    const missing = typeof SharedArrayBuffer === 'undefined'
    return Promise.resolve(missing ? 'this browser has no SharedArrayBuffer' : undefined)
  },
}
