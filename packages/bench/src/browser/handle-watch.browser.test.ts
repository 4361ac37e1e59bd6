// The watch over real access handles, in a worker: the only place where they exist.

import { expect, test } from 'vitest'

test('files are counted once, with those that no flush followed, and a log is not', async () => {
  const worker = new Worker(new URL('./handle-watch.fixture.ts', import.meta.url), {
    type: 'module',
  })
  try {
    const counts = await new Promise<readonly number[]>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<readonly number[]>) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
    })
    expect(counts).toEqual([1, 2, 0])
  } finally {
    worker.terminate()
  }
})
