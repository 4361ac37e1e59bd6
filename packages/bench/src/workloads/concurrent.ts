// Commits while another worker of the same origin commits to a database of its own, as another tab does:
// whether the two get in each other's way below the file system. In memory they only share processors.

import type { SqlDatabase } from '../backends/sql.ts'
import { RowTable } from './rows.ts'
import { carryOut, type PostgresWorkload } from './workload.ts'

/** Between two of these a neighbour hears whether it is to stop. */
const COMMITS_PER_TURN = 5

export const concurrent: PostgresWorkload = {
  name: 'pg-concurrent',
  summary: 'INSERT one small row while another worker does so in a database of its own',
  kind: 'sql',
  life: 'concurrent',
  set: 'full',
  phase: 'use',
  unit: 'ms',
  deadlineMs: 90_000,
  async run(session, meter) {
    await session.warmUp()
    const table = await session.rows('small')
    const neighbour = await session.startNeighbour()
    try {
      await meter.repeat(() => table.insert(session.sql))
    } finally {
      meter.count({ neighbourCommits: await neighbour.stop() })
    }
  },
}

/** What the neighbour does until it is told to stop; resolves to the number of its commits. */
export async function commitBeside(sql: SqlDatabase, isOver: () => boolean): Promise<number> {
  const table = new RowTable('small')
  await table.create(sql)
  let commits = 0
  while (!isOver()) {
    for (let turn = 0; turn < COMMITS_PER_TURN; turn++) {
      await carryOut(table.insert(sql))
      commits++
    }
    // Queries that are awaited one after the other may never let a message in.
    await new Promise((resolve) => setTimeout(resolve))
  }
  return commits
}
