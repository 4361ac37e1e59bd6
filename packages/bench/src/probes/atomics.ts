// A round trip to another worker through shared memory, both sides blocked in Atomics.wait: the floor
// of a synchronous call that is served by a worker.

import { ECHO_READY, PING, PONG, STOP } from '../browser/echo-protocol.ts'
import type { Probe } from './probe.ts'

const ANSWER_TIMEOUT_MS = 5_000

export const atomicsRoundTrip: Probe = {
  name: 'atomics-round-trip',
  summary: 'call another worker through a SharedArrayBuffer and wait for its answer',
  unit: 'us',
  needs: ['cross-origin-isolation'],
  batch: 20,
  async setUp() {
    const words = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
    const worker = new Worker(new URL('../browser/echo.ts', import.meta.url), { type: 'module' })
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }) => data === ECHO_READY && resolve()
      worker.onerror = () => reject(new Error('the answering worker did not start'))
      worker.postMessage(words)
    })
    let count = 0
    return {
      operation() {
        count++
        Atomics.store(words, PING, count)
        Atomics.notify(words, PING)
        while (Atomics.load(words, PONG) !== count) {
          const outcome = Atomics.wait(words, PONG, count - 1, ANSWER_TIMEOUT_MS)
          if (outcome === 'timed-out') throw new Error('the answering worker is silent')
        }
      },
      tearDown() {
        Atomics.store(words, PING, STOP)
        Atomics.notify(words, PING)
        worker.terminate()
      },
    }
  },
}
