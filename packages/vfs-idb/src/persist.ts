// Asking for persistent storage, which the browser does not evict when the disk is full.

/** Never rejects; what `onAnswer` throws is reported as an uncaught error, as a listener's is. */
export async function askToPersist(onAnswer: (persisted: boolean) => void): Promise<void> {
  const persisted = await ask()
  try {
    onAnswer(persisted)
  } catch (error) {
    reportError(error)
  }
}

async function ask(): Promise<boolean> {
  const { navigator } = globalThis as Partial<typeof globalThis>
  const storage = navigator?.storage as Partial<Pick<PersistableStorage, 'persist'>> & Persisted
  try {
    // A worker cannot ask, but can learn what a window was told.
    if (typeof storage?.persist === 'function') return await storage.persist()
    return await storage.persisted()
  } catch {
    // No such interface, or an origin that may keep nothing.
    return false
  }
}

interface Persisted {
  persisted(): Promise<boolean>
}

/** As a window's; sources are compiled against what workers have. */
interface PersistableStorage extends Persisted {
  persist(): Promise<boolean>
}
