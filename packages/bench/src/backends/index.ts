// The backends, in the order of their columns. The first is the yardstick: ratios are against it.

import type { Backend } from './backend.ts'
import { happyOpfs } from './happy-opfs.ts'
import { idb } from './idb.ts'
import { memory } from './memory.ts'
import { opfsAhp } from './opfs-ahp.ts'
import { opfsWorker } from './opfs-worker.ts'
import { pgliteIdb } from './pglite-idb.ts'
import { pgliteMemfs2opfs } from './pglite-memfs2opfs.ts'
import { pgliteMemory } from './pglite-memory.ts'
import { pgliteOpfsAhp } from './pglite-opfs-ahp.ts'
import { sqliteOpfs } from './sqlite-opfs.ts'
import { sqliteOpfsSahpool } from './sqlite-opfs-sahpool.ts'
import { waSqliteIdb } from './wa-sqlite-idb.ts'
import { waSqliteOpfs } from './wa-sqlite-opfs.ts'
import { zenfsIdb } from './zenfs-idb.ts'
import { zenfsOpfs } from './zenfs-opfs.ts'

export const BACKENDS: readonly Backend[] = [
  memory,
  opfsAhp,
  opfsWorker,
  idb,
  pgliteMemory,
  pgliteIdb,
  pgliteOpfsAhp,
  pgliteMemfs2opfs,
  sqliteOpfs,
  sqliteOpfsSahpool,
  waSqliteOpfs,
  waSqliteIdb,
  zenfsOpfs,
  zenfsIdb,
  happyOpfs,
]

/** The column that reads 1.00×. */
export const BASELINE = 'memory'

/** Runs once, unrecorded, before the first round: the cheapest way to have the engine's code compiled. */
export const WARM_UP: Backend = pgliteMemory

export function backendNamed(name: string): Backend {
  const backend = BACKENDS.find((candidate) => candidate.name === name)
  if (backend === undefined) throw new TypeError(`no backend is named ${name}`)
  return backend
}
