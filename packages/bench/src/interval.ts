// A median with the interval in which it lies, and what becomes of both in a formula. Used by the bars
// and by the comparison of two runs.

/** `low` and `high` enclose the median with 95 % confidence, or as near to it as the samples allow. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

const CONFIDENCE = 0.95
/** With fewer, no order statistics enclose the median of rounds with much confidence. */
export const ROUNDS_ENOUGH = 5

/**
 * The median of samples and its interval by order statistics, which asks nothing of their
 * distribution. Samples of one round share a store and are alike, so with enough rounds the medians of
 * the rounds stand for them; with fewer the interval is too narrow rather than too wide.
 */
export function estimate(samples: readonly number[], samplesPerRound: readonly number[]): Estimate {
  const rounds = medians(samples, samplesPerRound)
  const sorted = (rounds.length >= ROUNDS_ENOUGH ? rounds : samples).toSorted((a, b) => a - b)
  const rank = lowerRank(sorted.length)
  return {
    value: middle(samples.toSorted((a, b) => a - b)),
    low: sorted[rank] as number,
    high: sorted[sorted.length - 1 - rank] as number,
  }
}

export function exactly(value: number): Estimate {
  return { value, low: value, high: value }
}

export function sum(...terms: readonly Estimate[]): Estimate {
  return {
    value: terms.reduce((total, term) => total + term.value, 0),
    low: terms.reduce((total, term) => total + term.low, 0),
    high: terms.reduce((total, term) => total + term.high, 0),
  }
}

/** `factor` is not negative. */
export function times(factor: number, { value, low, high }: Estimate): Estimate {
  return { value: factor * value, low: factor * low, high: factor * high }
}

/** What `a` costs over `b`; nothing if that cannot be told from noise. */
export function excess(a: Estimate, b: Estimate): Estimate {
  return {
    value: Math.max(0, a.value - b.value),
    low: Math.max(0, a.low - b.high),
    high: Math.max(0, a.high - b.low),
  }
}

/** `a` over `b`, which is above zero. Its interval holds 1 where theirs overlap. */
export function ratioOf(a: Estimate, b: Estimate): Estimate {
  return { value: a.value / b.value, low: a.low / b.high, high: a.high / b.low }
}

/**
 * The highest rank r, from 0, so that the r-th smallest and the r-th largest sample enclose the median
 * with the wanted confidence: at most 5 % that r or fewer of n fall on one side (a fair coin).
 */
export function lowerRank(count: number): number {
  if (count === 0) throw new RangeError('no samples')
  let tail = 0
  let probability = 0.5 ** count
  let rank = -1
  for (let index = 0; index < Math.floor(count / 2); index++) {
    tail += probability
    if (2 * tail > 1 - CONFIDENCE) break
    rank = index
    probability *= (count - index) / (index + 1)
  }
  return Math.max(0, rank)
}

function medians(samples: readonly number[], samplesPerRound: readonly number[]): number[] {
  let from = 0
  return samplesPerRound.flatMap((count) => {
    const round = samples.slice(from, from + count).toSorted((a, b) => a - b)
    from += count
    return round.length === 0 ? [] : [middle(round)]
  })
}

function middle(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half]
  const lower = sorted[sorted.length - 1 - half]
  if (upper === undefined || lower === undefined) throw new RangeError('no samples')
  return (lower + upper) / 2
}
