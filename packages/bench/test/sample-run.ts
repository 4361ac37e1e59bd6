// A run's document as a bench writes it, made up: for the tests of what reads one.

import type { BenchDocument, BenchResult } from '../src/schema.ts'
import { cellOf, documentOf, probeOf, spread } from './documents.ts'

const COLUMNS = [
  ['memory', 'none'],
  ['opfs-ahp', 'strict'],
  ['opfs-ahp', 'relaxed'],
  ['idb', 'strict'],
  ['idb', 'relaxed'],
  ['pglite-opfs-ahp', 'strict'],
  ['pglite-opfs-ahp', 'relaxed'],
] as const

const WORKLOADS = [
  ['pg-create', 2_000],
  ['pg-insert-small', 0.3],
  ['pg-select-small', 0.25],
  ['pg-reopen', 400],
  ['sql-total', 3_000],
  ['sql-ctas', 150],
  ['file-fsync', 0.002],
] as const

export const MARKUP_IN_A_MESSAGE = '<script>document.title = "taken"</script> & a "quote"'

/**
 * Each column takes one and a half times as long as the one before it. There is nothing to reopen in
 * memory; the last column failed to reopen.
 */
export function sampleRun(rounds = 5): BenchDocument {
  const results = WORKLOADS.flatMap(([workload, base]) =>
    COLUMNS.map(([backend, durability], index): BenchResult => {
      const column = `${backend} ${durability}`
      if (workload === 'pg-reopen' && backend === 'memory') {
        return cellOf(workload, column, [], { skipped: 'nothing to reopen' })
      }
      if (workload === 'pg-reopen' && index === COLUMNS.length - 1) {
        const error = { kind: 'failed', message: MARKUP_IN_A_MESSAGE } as const
        return cellOf(workload, column, [], { error })
      }
      const middle = base * 1.5 ** index
      return cellOf(workload, column, spread(middle, rounds), { median: middle })
    }),
  )
  const error = { kind: 'unavailable', message: 'this browser has no SharedArrayBuffer' } as const
  return documentOf({
    rounds,
    results,
    probes: [
      { ...probeOf('opfs-write-8k', 45), samples: [40, 50], p95: 50 },
      { ...probeOf('atomics-round-trip', 0), samples: [], median: null, error },
    ],
  })
}
