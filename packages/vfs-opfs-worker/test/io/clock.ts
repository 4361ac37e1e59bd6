// The clock of simulated sessions: it stands still in place of Date's, and goes on where a workload waits.

let stopped: number | undefined

/** Until what this returns is called. */
export function stopClock(): () => void {
  const { now } = Date
  stopped = now()
  Date.now = () => stopped!
  return () => {
    stopped = undefined
    Date.now = now
  }
}

export function setClock(now: number): void {
  if (stopped === undefined) throw new TypeError('the clock runs')
  stopped = now
}
