// opfs-worker's I/O worker with probes. Its first message says which session it belongs to, and the store
// that it serves does not hear it.

import { serveIoStore } from '../../../packages/vfs-opfs-worker/src/channel/serve.ts'
import { openIoStore } from '../../../packages/vfs-opfs-worker/src/io/open-store.ts'
import { controlThread, probeStorage, type SessionControl } from './phases.ts'

globalThis.addEventListener(
  'message',
  (event: MessageEvent<{ readonly control?: SessionControl }>) => {
    if (event.data.control === undefined) return
    event.stopImmediatePropagation()
    controlThread(event.data.control)
  },
)
probeStorage()
serveIoStore((options) => openIoStore(options))
