// The tables of the SQL suite as plain rows, so that what a step left behind is checked against
// arithmetic and not against another backend. Used by sql-steps.ts and sql-suite.ts.

export interface Row {
  readonly a: number
  readonly b: number
  readonly c: string
}

export type Tables = Map<string, Row[]>

const MULTIPLIER = 7_919
/** A prime, so that the values of `b` are spread and do not repeat below it. */
export const B_MODULUS = 100_003

const SYLLABLES = ['ka', 'lo', 'mi', 'nu', 'pe', 'ra', 'so', 'ti', 'vu', 'ze'] as const

export function row(a: number): Row {
  const b = (a * MULTIPLIER) % B_MODULUS
  return { a, b, c: spelled(b) }
}

/** Five digits in syllables: text of 14 characters in which parts can be looked for. */
export function spelled(value: number): string {
  return Array.from(
    String(value).padStart(6, '0').slice(1),
    (digit) => SYLLABLES[Number(digit)],
  ).join(' ')
}

/** What `SUMMARY_SQL` answers for a table that holds these rows. */
export function summary(rows: readonly Row[]): string {
  let a = 0
  let b = 0
  let c = 0
  for (const each of rows) {
    a += each.a
    b += each.b
    c += each.c.length
  }
  return `${rows.length} ${a} ${b} ${c}`
}

export function summarySql(table: string): string {
  return `SELECT concat_ws(' ', count(*), coalesce(sum(a), 0), coalesce(sum(b), 0),
    coalesce(sum(length(c)), 0)) AS summary FROM ${table}`
}
