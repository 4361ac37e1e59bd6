// The same rules on the real OPFS, in a worker of each browser.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { rules } from './rules.ts'

const DEADLINE_MS = 20_000

const worker = new TaskWorker(
  () => new Worker(new URL('./rules.worker.ts', import.meta.url), { type: 'module' }),
)

describe('the real OPFS', () => {
  afterAll(() => worker.terminate())
  it.each(rules)('$name', async ({ name }) => {
    await expect(worker.call('rule', name, DEADLINE_MS)).resolves.toBeUndefined()
  })
})
