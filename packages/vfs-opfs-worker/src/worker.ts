// The script of the I/O worker: the entry `@wasm-vfs/opfs-worker/worker`. The build bundles it with all
// that it imports, and puts a copy of that into the main entry, which starts it from a blob.

import { VERSION } from './channel/protocol.ts'
import { serveIoStore } from './channel/serve.ts'
import { openIoStore } from './io/open-store.ts'

/** Both sides of the channel must be of one version; another one is EPROTO at the open. */
export const PROTOCOL_VERSION: number = VERSION

// Elsewhere, as in a bundler that looks at what it exports, there is nobody to serve.
if (typeof DedicatedWorkerGlobalScope === 'function')
  serveIoStore((options) => openIoStore(options))
