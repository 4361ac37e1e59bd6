// opfs-worker's I/O worker with probes. Its first message says which session it belongs to, and who serves
// the store does not hear it.

import './probed.ts'
import '../../../packages/vfs-opfs-worker/src/worker.ts'
