// From figures to places on an axis, in percent of its length. Used by panels.ts.

export interface Scale {
  /** 0 … 100, for any value: what lies outside is put at the edge. */
  at(value: number): number
  readonly ticks: readonly number[]
  /** Where a bar begins. */
  readonly origin: number
}

const MARGIN = 1.15
const LOG_TICKS = [0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1_000, 10_000]
const TICKS_MAX = 4

/** Ratios: as far from 1 on one side as on the other if they are as many times as much. */
export function ratioScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value))
  const low = Math.min(1 / 1.25, ...positive) / MARGIN
  const high = Math.max(2, ...positive) * MARGIN
  const at = (value: number): number => clamp((100 * Math.log(value / low)) / Math.log(high / low))
  const inside = LOG_TICKS.filter((tick) => tick >= low && tick <= high)
  return { at, ticks: thinned(inside), origin: at(1) }
}

/** From zero, so that lengths can be compared. */
export function linearScale(values: readonly number[]): Scale {
  const high = Math.max(...values.filter((value) => Number.isFinite(value)), 0) * MARGIN || 1
  const at = (value: number): number => clamp((100 * value) / high)
  const step = niceStep(high / TICKS_MAX)
  const ticks = Array.from({ length: Math.floor(high / step) + 1 }, (_, index) => index * step)
  return { at, ticks, origin: 0 }
}

/** 1 and powers of ten are kept; the others give way when it gets crowded. */
function thinned(ticks: readonly number[]): number[] {
  if (ticks.length <= TICKS_MAX) return [...ticks]
  const powers = ticks.filter((tick) => Number.isInteger(Math.log10(tick)))
  return powers.length >= 2 ? powers : ticks.filter((_, index) => index % 2 === 0)
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10
  return factor * power
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent))
}
