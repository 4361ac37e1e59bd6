// How a command ends: its exit code, and what Ctrl-C does. Used by cli.ts and run-browsers.ts.

/**
 * `ok`: a run came to its end (a backend that fails is a cell, not an exit code). `failure`: it could not
 * start, a browser died, a verdict found a bar that is not met, or a comparison something slower, or nothing
 * that a limit could be held against. `usage`: the command line is wrong.
 */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** The terminal signals the whole group, and a package manager in it passes the signal on once more. */
const ECHO_MS = 1_000

export interface Interrupt {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Signals do again what they did before. */
  ignore(): void
}

/** From now on a signal aborts; a second one ends the process at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  let interruptedAt = 0
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      interruptedAt = performance.now()
      controller.abort(new Error('interrupted'))
      return
    }
    // The second time, the user means at once.
    if (performance.now() - interruptedAt > ECHO_MS) process.exit(EXIT.interrupted)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return {
    signal: controller.signal,
    ignore() {
      for (const name of SIGNALS) process.off(name, onSignal)
    },
  }
}
