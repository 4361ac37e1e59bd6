// How slow this machine is: T, the seconds that PGlite takes to make a database in memory, as the median of
// three. tools/test.ts runs this first, alone, prints T and gives the deadlines of tests their factor.

import { PGlite } from '@electric-sql/pglite'

const seconds: number[] = []
for (let round = 0; round < 3; round++) {
  const started = performance.now()
  const pg = await PGlite.create()
  seconds.push((performance.now() - started) / 1000)
  await pg.close()
}
console.log(seconds.toSorted((a, b) => a - b)[1])
