// Documents and cells as a run writes them, made up: for the tests of whatever reads one.

import {
  SCHEMA,
  type BenchDocument,
  type BenchResult,
  type Environment,
  type ProbeResult,
} from '../src/schema.ts'

const ENVIRONMENT: Environment = {
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
}

export interface DocumentParts extends Partial<Omit<BenchDocument, 'env'>> {
  /** Its name. */
  readonly browser?: string
}

/** A run that came to its end. */
export function documentOf({ browser, ...parts }: DocumentParts): BenchDocument {
  const named = { ...ENVIRONMENT.browser, name: browser ?? ENVIRONMENT.browser.name }
  return {
    schema: SCHEMA,
    complete: true,
    env: { ...ENVIRONMENT, browser: named },
    rounds: 1,
    results: [],
    probes: [],
    ...parts,
  }
}

/** Measured once a round. `column` is `backend durability`. */
export function cellOf(
  workload: string,
  column: string,
  samples: readonly number[],
  changes: Partial<BenchResult> = {},
): BenchResult {
  const [backend = '', durability = ''] = column.split(' ')
  const middle = samples[Math.floor(samples.length / 2)]
  return {
    workload,
    backend,
    durability: durability as BenchResult['durability'],
    unit: 'ms',
    samples,
    samplesPerRound: samples.map(() => 1),
    median: middle ?? null,
    ...changes,
  }
}

/** A hundredth apart, the third of five being `middle`. */
export function spread(middle: number, rounds: number): number[] {
  return Array.from({ length: rounds }, (_, round) => middle * (0.98 + round / 100))
}

/** In microseconds. */
export function probeOf(probe: string, sample: number): ProbeResult {
  return { probe, unit: 'us', samples: [sample], median: sample }
}
