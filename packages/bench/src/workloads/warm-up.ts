// Round trips before the first that is timed in a worker. Called by session.ts.
//
// A fresh worker runs the glue and the file system unoptimized at first, and the browser compiles on the
// cores that the threads of a file system want, so commits take up to twice as long. It takes seconds rather
// than a number of commits until that is over.

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
