// The worker that answers the Atomics probe: it blocks until the count of calls moves, and copies it.

import { ECHO_READY, PING, PONG, STOP } from './echo-protocol.ts'

declare const self: DedicatedWorkerGlobalScope

self.addEventListener('message', ({ data: words }: MessageEvent<Int32Array>) => {
  self.postMessage(ECHO_READY)
  for (let answered = 0; ;) {
    Atomics.wait(words, PING, answered)
    answered = Atomics.load(words, PING)
    if (answered === STOP) return
    Atomics.store(words, PONG, answered)
    Atomics.notify(words, PONG)
  }
})
