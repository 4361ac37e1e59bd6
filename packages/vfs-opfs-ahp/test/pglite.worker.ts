// A worker with one PGlite on opfs-ahp at a time, driven by the tests of this folder.

import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsAhp, openOpfsAhp } from '@wasm-vfs/opfs-ahp'
import { pgliteTasks } from '../../vfs-core/test/pglite/worker-tasks.ts'

serveTasks(pgliteTasks({ open: openOpfsAhp, remove: deleteOpfsAhp }))
