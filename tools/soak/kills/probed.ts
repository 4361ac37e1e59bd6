// Puts the probes of phases.ts into an I/O worker. Has to be imported before what listens for messages.

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
