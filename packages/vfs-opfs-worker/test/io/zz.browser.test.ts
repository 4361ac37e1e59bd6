import { TaskWorker } from '@wasm-vfs/core/testing'
import { it } from 'vitest'
it('perf', async () => {
  const worker = new TaskWorker(
    () => new Worker(new URL('./zz.worker.ts', import.meta.url), { type: 'module' }),
  )
  console.log(
    navigator.userAgent.slice(-14),
    JSON.stringify(await worker.call('perf', 'strict', 120000), null, 1),
  )
}, 120000)
