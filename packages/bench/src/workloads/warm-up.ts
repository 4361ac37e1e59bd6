// Round trips before the first that is timed in a worker. Called by session.ts.
//
// A fresh worker runs the database's glue and the file system's code unoptimized at first, and the browser
// compiles on the cores that the threads of a file system want: a commit takes twice as long, now and then
// three times, and another worker of the same column may take half of that. After a second, or a thousand
// round trips, it hardly becomes faster any more.

import type { SqlDatabase } from '../backends/sql.ts'
import { RowTable } from './rows.ts'
import { carryOut } from './workload.ts'

const TIME_MS = 2_000

export async function warmUp(sql: SqlDatabase): Promise<void> {
  const table = new RowTable('small', 'bench_warm_up')
  await table.create(sql)
  const end = performance.now() + TIME_MS
  for (let turn = 0; performance.now() < end; turn++) {
    await carryOut(table.insert(sql))
    await carryOut(table.select(sql, turn))
    await carryOut(table.update(sql, turn))
    await carryOut(table.delete(sql))
  }
  await sql.exec(`DROP TABLE ${table.name}`)
}
