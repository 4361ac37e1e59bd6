// What a database takes: storage of the origin, at its largest and after closing, and memory of all the
// browser's processes. On a life of its own, in which 16 MiB of rows are written.

import { backendNamed } from '../backends/index.ts'
import type { Column } from '../protocol.ts'
import { RowTable } from './rows.ts'
import type { PostgresSession } from './session.ts'
import { expectEqual, Unavailable, type PostgresWorkload } from './workload.ts'

const MIB = 1_024 ** 2
const ROWS_PER_STATEMENT = 2_048
const STATEMENTS = 8
/** For whoever measures from outside (drivers/process-memory.ts): nothing happens meanwhile. */
const REST_MS = 500

/** Measured by the driver in place of the samples that the workload does not take. */
export const MEMORY_HELD = 'process-memory'
export const MEMORY_PEAK = 'process-memory-peak'

const FOOTPRINT = {
  kind: 'sql',
  life: 'footprint',
  set: 'full',
  unit: 'MiB',
  deadlineMs: 90_000,
} as const

const STORED = {
  ...FOOTPRINT,
  unfit: ({ backend }: Column) =>
    backendNamed(backend).persistent ? undefined : 'it stores nothing',
} as const

export const footprint: readonly PostgresWorkload[] = [
  {
    ...STORED,
    name: 'storage-peak',
    summary: 'storage of the origin at its largest, while 16 MiB of rows are written',
    phase: 'use',
    async run(session, meter) {
      let peak = await usedMiB()
      await fill(session, async () => {
        peak = Math.max(peak, await usedMiB())
      })
      meter.record(peak)
    },
  },
  ...[
    { name: MEMORY_HELD, summary: 'memory that the browser’s processes have taken, after that' },
    { name: MEMORY_PEAK, summary: 'the same at its largest, creation included' },
  ].map(({ name, summary }): PostgresWorkload => ({
    ...FOOTPRINT,
    name,
    summary: `${summary} (Linux)`,
    phase: 'use',
    needsDriver: true,
    run: () => new Promise((resolve) => setTimeout(resolve, REST_MS)),
  })),
  {
    ...STORED,
    name: 'storage-closed',
    summary: 'storage of the origin after that database was closed',
    phase: 'close',
    async run(session, meter) {
      await session.close()
      meter.record(await usedMiB())
    },
  },
]

const filled = new WeakSet<PostgresSession>()

/** The first time in a session; `written` is called after each statement. */
async function fill(session: PostgresSession, written: () => Promise<void>): Promise<void> {
  if (filled.has(session)) return
  filled.add(session)
  const { sql } = session
  const table = new RowTable('1k')
  await table.create(sql)
  for (let statement = 1; statement <= STATEMENTS; statement++) {
    await table.fill(sql, statement * ROWS_PER_STATEMENT)
    await written()
  }
  const { rows } = await sql.query<{ count: number }>(`SELECT count(*) AS count FROM ${table.name}`)
  expectEqual('rows', Number(rows[0]?.count), table.count)
}

/** As the browser counts it against the quota. */
async function usedMiB(): Promise<number> {
  // WebKitGTK has no estimate.
  const { usage } = (await navigator.storage?.estimate?.()) ?? {}
  if (usage === undefined) throw new Unavailable('the browser does not say how much it stores')
  return usage / MIB
}
