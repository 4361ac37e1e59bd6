// A worker with one PGlite on opfs-worker at a time, driven by the tests of this folder.

import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker } from '@wasm-vfs/opfs-worker'
import { pgliteTasks } from '../../vfs-core/test/pglite/worker-tasks.ts'

serveTasks(pgliteTasks({ open: openOpfsWorker, remove: deleteOpfsWorker }))
