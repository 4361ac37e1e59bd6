// The clock of simulated sessions: it stands still in place of Date's and performance's, and goes on where a workload waits.

let stopped: number | undefined

/** Until what this returns is called. */
export function stopClock(): () => void {
  const { now } = Date
  const monotonic = performance.now
  const began = now()
  stopped = began
  Date.now = () => stopped!
  performance.now = () => stopped! - began
  return () => {
    stopped = undefined
    Date.now = now
    performance.now = monotonic
  }
}

export function setClock(now: number): void {
  if (stopped === undefined) throw new TypeError('the clock runs')
  stopped = now
}
