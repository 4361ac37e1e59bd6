// An I/O worker whose open never ends, although it is alive: a promise of the browser's was dropped.

import { serveIoStore } from '../src/channel/serve.ts'

serveIoStore(() => new Promise(() => {}))
