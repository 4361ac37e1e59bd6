// Counters of the physical work of one store; what `stats()` reports.

export interface Counters {
  /** Requests that read records, and requests that put or delete them. */
  reads: number
  writes: number
  /** Bytes of chunks in these requests. */
  bytesRead: number
  bytesWritten: number
  commits: number
  transactions: number
}

export function newCounters(): Counters {
  return { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0, commits: 0, transactions: 0 }
}
