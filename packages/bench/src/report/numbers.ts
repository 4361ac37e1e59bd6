// Numbers and durations for people: three significant digits, no exponents.

import type { Unit } from '../schema.ts'

/** `1234.5` → `1,235`, `12.345` → `12.3`, `0.012345` → `0.0123`. */
export function amount(value: number): string {
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  const decimals = Math.min(4, Math.max(0, 2 - digits))
  return grouped(value, decimals)
}

/** With its unit, in the one that reads best: `1,860 ms` → `1.86 s`, `0.00297 ms` → `2.97 µs`. */
export function quantity(value: number, unit: Unit): string {
  if (unit === 'MiB') return `${amount(value)} MiB`
  if (unit === 'per-window') return amount(value)
  const milliseconds = unit === 'us' ? value / 1_000 : value
  if (milliseconds === 0) return '0'
  if (milliseconds < 0.1) return `${amount(milliseconds * 1_000)} µs`
  return milliseconds < 1_000 ? `${amount(milliseconds)} ms` : `${amount(milliseconds / 1_000)} s`
}

/**
 * `0.8421` → `0.84×`, `12.34` → `12.3×`, `123.4` → `123×`: one shape for what is compared by eye. Only
 * what is very small has more decimals: `0.00104` → `0.0010×`.
 */
export function ratio(value: number): string {
  const decimals =
    value < 0.00995 ? 4 : value < 0.0995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${grouped(value, decimals)}×`
}

/** `75_400` → `1:15`. */
export function minutes(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function grouped(value: number, decimals: number): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}
