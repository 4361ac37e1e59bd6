// A run's document as a bench writes it, made up: for the tests of what reads one.

import { SCHEMA, type BenchDocument, type BenchResult } from '../src/schema.ts'

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
      const middle = base * 1.5 ** index
      const samples = Array.from({ length: rounds }, (_, round) => middle * (0.98 + round / 100))
      const cell = { workload, backend, durability, unit: 'ms' } as const
      const nothing = { ...cell, samples: [], samplesPerRound: [], median: null }
      if (workload === 'pg-reopen' && backend === 'memory') {
        return { ...nothing, skipped: 'nothing to reopen' }
      }
      if (workload === 'pg-reopen' && index === COLUMNS.length - 1) {
        return { ...nothing, error: { kind: 'failed', message: MARKUP_IN_A_MESSAGE } }
      }
      return { ...cell, samples, samplesPerRound: samples.map(() => 1), median: middle }
    }),
  )
  return {
    schema: SCHEMA,
    complete: true,
    env: {
      date: '2030-01-01T00:00:00.000Z',
      browser: { name: 'chromium', version: '1.2.3', userAgent: 'Mozilla' },
      os: 'linux',
      cpu: 'a processor',
      cores: 2,
      memoryGiB: 8,
      fileSystem: 'ext4',
      node: 'v20',
      pglite: '0.5.16',
      commit: 'abcdef',
    },
    rounds,
    results,
    probes: [
      { probe: 'opfs-write-8k', unit: 'us', samples: [40, 50], median: 45, p95: 50 },
      {
        probe: 'atomics-round-trip',
        unit: 'us',
        samples: [],
        median: null,
        error: { kind: 'unavailable', message: 'this browser has no SharedArrayBuffer' },
      },
    ],
  }
}
