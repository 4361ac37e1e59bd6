// Single-row statements, one awaited after the other: what an application waits for at each click.
// Each is one `query` with parameters, outside a transaction, so it ends in a commit and a sync.

import { PAYLOAD_BYTES, ROW_SIZES, type RowSize, type RowTable } from './rows.ts'
import type { PostgresSession } from './session.ts'
import { REPEAT_MAX, type Operation, type PostgresWorkload } from './workload.ts'

const VERBS = ['insert', 'select', 'update', 'delete'] as const
type Verb = (typeof VERBS)[number]

const DEADLINE_MS = 60_000

/** Before anything is warm: what somebody waits for who has just opened the page. */
export const firstInserts: PostgresWorkload = {
  name: 'pg-first-inserts',
  summary: 'pg-insert-small of a worker that has just made its database',
  kind: 'sql',
  life: 'rows',
  set: 'default',
  phase: 'use',
  unit: 'ms',
  deadlineMs: DEADLINE_MS,
  async run(session, meter) {
    const table = await session.rows('small')
    await meter.repeat(() => table.insert(session.sql))
  },
}

export const roundTrips: readonly PostgresWorkload[] = ROW_SIZES.flatMap((size) =>
  VERBS.map((verb): PostgresWorkload => ({
    name: roundTripName(verb, size),
    summary: `${verb.toUpperCase()} one row of ${PAYLOAD_BYTES[size]} bytes by its key`,
    kind: 'sql',
    life: 'rows',
    set: size === 'small' && (verb === 'insert' || verb === 'select') ? 'quick' : 'default',
    phase: 'use',
    unit: 'ms',
    deadlineMs: DEADLINE_MS,
    async run(session, meter) {
      await session.warmUp()
      const table = await session.rows(size)
      if (verb !== 'insert') await table.fill(session.sql, REPEAT_MAX)
      let turn = 0
      await meter.repeat<unknown>(() => operation(verb, table, session, turn++))
    },
  })),
)

/** The workloads that read or change the table of one row size. */
export function roundTripsOn(size: RowSize): string[] {
  const names = VERBS.map((verb) => roundTripName(verb, size))
  return size === 'small' ? [firstInserts.name, ...names] : names
}

/** Whether a workload is one row per commit. */
export function isCommit(workload: string): boolean {
  return VERBS.some((verb) => verb !== 'select' && workload.startsWith(`pg-${verb}-`))
}

function roundTripName(verb: Verb, size: RowSize): string {
  return `pg-${verb}-${size}`
}

function operation(
  verb: Verb,
  table: RowTable,
  { sql }: PostgresSession,
  turn: number,
): Operation<unknown> {
  switch (verb) {
    case 'insert':
      return table.insert(sql)
    case 'select':
      return table.select(sql, turn)
    case 'update':
      return table.update(sql, turn)
    case 'delete':
      return table.delete(sql)
  }
}
