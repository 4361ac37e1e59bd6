// Numbers and durations for people: three significant digits, no exponents.

/** `1234.5` → `1,235`, `12.345` → `12.3`, `0.012345` → `0.0123`. */
export function amount(value: number): string {
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  const decimals = Math.min(4, Math.max(0, 2 - digits))
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}

/** `1` → `1.00×`, `123.4` → `123×`. */
export function ratio(value: number): string {
  return `${amount(value)}×`
}

/** `75_400` → `1:15`. */
export function minutes(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
