// Counters of the physical work of one store, shared by all its handles; what `stats()` reports.

export interface Counters {
  handles: number
  reads: number
  writes: number
  truncates: number
  flushes: number
  bytesRead: number
  bytesWritten: number
  commits: number
  checkpoints: number
}

export function newCounters(): Counters {
  return {
    handles: 0,
    reads: 0,
    writes: 0,
    truncates: 0,
    flushes: 0,
    bytesRead: 0,
    bytesWritten: 0,
    commits: 0,
    checkpoints: 0,
  }
}
