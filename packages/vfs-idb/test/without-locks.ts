// A page or worker as it is without https: no Web Locks.

export function hideLocks(): void {
  Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined })
}

/** What hides them lies on the object itself, the real ones on its prototype. */
export function showLocks(): void {
  delete (navigator as { locks?: unknown }).locks
}
