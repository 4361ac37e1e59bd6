// Empties the origin's storage before and after each sample, whatever a backend left there. Called by
// the page, when no worker of the bench is alive.

import { STORE_PREFIX } from '../backends/backend.ts'

const RETRY_MS = 50

/** The bench's own, by the name of an entry in OPFS or of a database: for an origin that others use. */
export function isOwn(name: string): boolean {
  return name.includes(STORE_PREFIX) || TEMPORARY.test(name)
}

/** wa-sqlite's directories for temporary files, which it empties itself where they are not in use. */
const TEMPORARY = /^\.ahp-/

/** Removes what has one of the names; rejects if something cannot be within the time given. */
export async function wipeStorage(
  deadlineMs: number,
  isMeant: (name: string) => boolean = () => true,
): Promise<void> {
  const deadline = performance.now() + deadlineMs
  if (typeof indexedDB !== 'undefined') await wipeDatabases(deadline, isMeant)
  if (typeof navigator.storage?.getDirectory === 'function') await wipeOpfs(deadline, isMeant)
}

async function wipeOpfs(deadline: number, isMeant: (name: string) => boolean): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const names: string[] = []
  for await (const name of root.keys()) names.push(name)
  for (const name of names.filter(isMeant)) {
    // The handles of a terminated worker are let go a moment later.
    await retry(deadline, () => root.removeEntry(name, { recursive: true }))
  }
}

async function wipeDatabases(deadline: number, isMeant: (name: string) => boolean): Promise<void> {
  for (const { name } of await indexedDB.databases()) {
    if (name !== undefined && isMeant(name))
      await retry(deadline, () => deleteDatabase(name, deadline))
  }
}

function deleteDatabase(name: string, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    // A blocked deletion goes on by itself once the connections of a terminated worker are closed.
    const timer = setTimeout(
      () => reject(new Error(`the database ${name} is still in use`)),
      Math.max(0, deadline - performance.now()),
    )
    request.onsuccess = () => {
      clearTimeout(timer)
      resolve()
    }
    request.onerror = () => {
      clearTimeout(timer)
      reject(request.error ?? new Error(`the database ${name} cannot be deleted`))
    }
  })
}

async function retry(deadline: number, action: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
