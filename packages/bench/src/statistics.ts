// Summary statistics of samples. Called where results are gathered; relies on nothing.

import type { Summary } from './schema.ts'

/**
 * The value below which a fraction `q` of the samples lies, interpolating linearly between order
 * statistics (Hyndman and Fan's type 7, as R and NumPy by default). RangeError without samples.
 */
export function quantile(samples: readonly number[], q: number): number {
  return quantileOfSorted(ascending(samples), q)
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

export function mean(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('no samples')
  return samples.reduce((sum, value) => sum + value, 0) / samples.length
}

/** The geometric mean, for ratios; RangeError without samples or with one that is not positive. */
export function geometricMean(samples: readonly number[]): number {
  if (!samples.every((value) => value > 0)) throw new RangeError('a geometric mean needs positives')
  return Math.exp(mean(samples.map(Math.log)))
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = ascending(samples)
  return {
    median: quantileOfSorted(sorted, 0.5),
    mean: mean(sorted),
    min: quantileOfSorted(sorted, 0),
    p25: quantileOfSorted(sorted, 0.25),
    p75: quantileOfSorted(sorted, 0.75),
    p95: quantileOfSorted(sorted, 0.95),
    max: quantileOfSorted(sorted, 1),
  }
}

function ascending(samples: readonly number[]): number[] {
  return samples.toSorted((a, b) => a - b)
}

function quantileOfSorted(sorted: readonly number[], q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile lies in 0 … 1, not at ${q}`)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) throw new RangeError('no samples')
  return below + (above - below) * (position - Math.floor(position))
}
