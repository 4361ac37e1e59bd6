// Makes the page cross-origin isolated where its server did not: a service worker adds the headers, and
// the page is loaded once more. Called by open.ts before anything else.

const DEADLINE_MS = 30_000
/** In the session's storage: it was tried, and did not help. */
const TRIED = 'wasm-vfs-bench-isolation'

/** Never resolves if the page is being loaded again; else the page is what it will be. */
export async function isolate(): Promise<void> {
  if (globalThis.crossOriginIsolated) {
    sessionStorage.removeItem(TRIED)
    return
  }
  if (!('serviceWorker' in navigator) || sessionStorage.getItem(TRIED) !== null) return
  sessionStorage.setItem(TRIED, 'yes')
  try {
    await navigator.serviceWorker.register('./isolation-worker.js')
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('the service worker did not start')), DEADLINE_MS)
    })
    await Promise.race([navigator.serviceWorker.ready, late])
  } catch (error) {
    // The page says what it lacks without isolation, and works otherwise.
    console.warn('cannot be made cross-origin isolated:', error)
    return
  }
  location.reload()
  await new Promise<never>(() => {})
}
