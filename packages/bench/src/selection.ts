// Which columns and workloads a run takes, from names and patterns as a user writes them: on the command
// line (options.ts) and in the address of the interactive page (browser/open/). Throws UsageError with a
// message for the user.

import { BACKENDS } from './backends/index.ts'
import type { Column } from './protocol.ts'
import { WORKLOADS } from './workloads/index.ts'
import type { Workload } from './workloads/workload.ts'

export const DURABILITIES = ['strict', 'relaxed'] as const
export const SAMPLES_MAX = 1_000
export const MINUTES_MAX = 10_000
export const SIZE_MIB = { default: 1_024, max: 65_536 } as const
export const TABLES = { default: 10_000, max: 100_000 } as const

export class UsageError extends Error {
  override readonly name: 'UsageError' = 'UsageError'
}

/** What was given: lists separated by commas; undefined for the default. */
export interface Given {
  readonly backend?: readonly string[] | undefined
  readonly workload?: readonly string[] | undefined
  readonly durability?: readonly string[] | undefined
  /** The least of workloads, in which five rounds take little time. */
  readonly quick?: boolean | undefined
  readonly full?: boolean | undefined
}

/** At least one column, in the order of the table. */
export function selectColumns({ backend, durability, full }: Given): Column[] {
  const backends =
    backend === undefined
      ? names(BACKENDS.filter(({ quick }) => quick || full === true))
      : select('backend', backend, names(BACKENDS))
  const levels: readonly string[] = select('durability', durability, DURABILITIES)
  const columns = columnsOf(backends, levels)
  if (columns.length > 0) return columns
  throw new UsageError(`${backends.join(', ')} cannot be opened at ${levels.join(', ')}.`)
}

/** Names, in the order in which a life runs them. */
export function selectWorkloads({ workload, quick, full }: Given): string[] {
  if (workload !== undefined) return select('workload', workload, names(WORKLOADS))
  const isTaken = ({ set }: Workload): boolean =>
    full === true || set === 'quick' || (set === 'default' && quick !== true)
  return names(WORKLOADS.filter(isTaken))
}

/** Backends in memory have no level and always take part. */
export function columnsOf(backends: readonly string[], levels: readonly string[]): Column[] {
  return BACKENDS.filter(({ name }) => backends.includes(name)).flatMap((backend) =>
    backend.durabilities
      .filter((durability) => durability === 'none' || levels.includes(durability))
      .map((durability): Column => ({ backend: backend.name, durability })),
  )
}

/** A whole number from 1 to `max`. */
export function count(option: string, given: string, max: number): number {
  const value = Number(given)
  if (/^\d+$/.test(given) && value >= 1 && value <= max) return value
  throw new UsageError(`--${option} is a whole number from 1 to ${max}, not '${given}'.`)
}

/** The valid names that the patterns match, in the order of `valid`; all without patterns. */
export function select<Name extends string>(
  option: string,
  given: readonly string[] | undefined,
  valid: readonly Name[],
): Name[] {
  if (given === undefined) return [...valid]
  const patterns = given.flatMap((list) => list.split(',')).map((name) => name.trim())
  for (const pattern of patterns) {
    if (!valid.some((name) => matches(name, pattern))) fail(option, pattern, valid)
  }
  return valid.filter((name) => patterns.some((pattern) => matches(name, pattern)))
}

/** `*` stands for any characters, none included. */
function matches(name: string, pattern: string): boolean {
  const literals = pattern.split('*').map((text) => text.replaceAll(/[^\w-]/g, String.raw`\$&`))
  return new RegExp(`^${literals.join('.*')}$`).test(name)
}

function fail(option: string, given: string, valid: readonly string[]): never {
  throw new UsageError(`--${option} cannot be '${given}'. Valid: ${valid.join(', ')}.`)
}

function names(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name)
}
