// The page of tools.e2e.test.ts: hands one request to a worker and its answer to the test.

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })

Object.assign(globalThis, {
  ask: (request: unknown) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.postMessage(request)
    }),
})
