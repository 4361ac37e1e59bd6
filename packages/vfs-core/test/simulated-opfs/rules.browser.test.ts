// The same rules on the real OPFS, in a worker of each browser.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterAll, describe, it } from 'vitest'
import { rules } from './rules.ts'

const DEADLINE_MS = 20_000

const worker = new TaskWorker(
  () => new Worker(new URL('./rules.worker.ts', import.meta.url), { type: 'module' }),
)

describe('the real OPFS', () => {
  afterAll(() => worker.terminate())
  for (const { name } of rules) {
    // eslint-disable-next-line vitest/expect-expect -- a rule throws when it is broken
    it(name, async () => void (await worker.call('rule', name, DEADLINE_MS)))
  }
})
