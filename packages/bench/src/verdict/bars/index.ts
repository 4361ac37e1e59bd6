// The bars of all backends, in the order of their columns.

import type { BarList } from './bar.ts'
import { IDB_BARS } from './idb.ts'
import { OPFS_AHP_BARS } from './opfs-ahp.ts'
import { OPFS_WORKER_BARS } from './opfs-worker.ts'

export const BAR_LISTS: readonly BarList[] = [OPFS_AHP_BARS, OPFS_WORKER_BARS, IDB_BARS]
