// The I/O worker's script of another version of the protocol.

self.addEventListener('message', () => {
  ;(self as unknown as DedicatedWorkerGlobalScope).postMessage({ type: 'started', version: 99 })
})
