// A run that is asked to stop (SIGINT, SIGTERM, its time is up) ends what it started and keeps what it has found.

export class Stopped extends Error {}

/** Aborted by the first SIGINT or SIGTERM. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(new Stopped(name)))
  }
  return controller.signal
}

/** Rejects with Stopped as soon as the signal is aborted; the work is then on its own. */
export async function unlessStopped<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  signal.throwIfAborted()
  const settled = new AbortController()
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { signal: settled.signal })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    settled.abort()
    // If it was stopped, nobody is left to hear what becomes of it.
    work.catch(() => {})
  }
}
