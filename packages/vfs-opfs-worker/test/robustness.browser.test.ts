// opfs-worker when one of its two workers is terminated in the midst of work, when another worker has the
// store open, and where it cannot run.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { openOpfsWorker } from '@wasm-vfs/opfs-worker'
import { afterAll, describe, expect, it } from 'vitest'
import { withIoWorkers } from './io-workers.page.ts'
import { needsSupply, SUPPLIED } from './io-workers.ts'
import type { IoDeath, OpenRequest } from './robustness.worker.ts'

const DEADLINE_MS = 120_000

const makeWorker = (name: string): Worker =>
  withIoWorkers(
    new Worker(new URL('./robustness.worker.ts', import.meta.url), { type: 'module', name }),
    name === SUPPLIED,
  )

const MAKERS = [
  ...(needsSupply ? [] : [{ maker: 'the program', name: '' }]),
  { maker: 'the page', name: SUPPLIED },
]

describe.each(MAKERS)('opfs-worker, its I/O worker made by $maker', ({ name: workerName }) => {
  const start = (): TaskWorker => new TaskWorker(() => makeWorker(workerName))
  const worker = start()
  const call = (task: string, argument?: unknown): Promise<unknown> =>
    worker.call(task, argument, DEADLINE_MS)
  const open = (request: OpenRequest): Promise<unknown> => call('open', request)

  afterAll(() => worker.terminate())

  it.each(['strict', 'relaxed'] as const)(
    'opens clean after its program was terminated at work, with all that was acknowledged (%s)',
    async (durability) => {
      const name = `terminated-${durability}`
      const channel = new BroadcastChannel('acknowledged')
      let last = -1
      for (const enough of [3, 25]) {
        await open({ name, options: { durability } })
        last = -1
        const reached = new Promise<void>((resolve) => {
          channel.onmessage = ({ data }: MessageEvent<number>) => {
            last = data
            if (data >= enough) resolve()
          }
        })
        // It never answers; that it is terminated is no answer either.
        void call('make files').catch(() => {})
        await reached
        worker.terminate()
        expect(await call('verify', { name, count: last + 1 })).toEqual([])
        await call('remove', name)
      }
      channel.close()
    },
    3 * DEADLINE_MS,
  )

  // Each in a worker of its own, so that they wait for the deadline beside each other.
  it.concurrent.each([0, 3, 40, 200])(
    'reports that its I/O worker was terminated after %s ms, and opens clean',
    async (afterMs) => {
      const own = start()
      const ask = (task: string, argument: unknown): Promise<unknown> =>
        own.call(task, argument, DEADLINE_MS)
      const name = `lost-${afterMs}`
      const seen = (await ask('lose the I/O worker', { name, afterMs })) as IoDeath
      expect(seen).toMatchObject({ first: 'EIO', next: 'EIO' })
      expect(seen.ms).toBeLessThan(DEADLINE_MS)
      expect(seen.closed).toBe('EIO')
      expect(await ask('verify', { name, count: seen.acknowledged })).toEqual([])
      await ask('remove', name)
      own.terminate()
    },
    3 * DEADLINE_MS,
  )

  it('is EBUSY in a second worker, until the first one is gone', async () => {
    const second = start()
    const request: OpenRequest = { name: 'two-tabs' }
    await open(request)
    await expect(second.call('open', request, DEADLINE_MS)).rejects.toThrow(/^EBUSY/)
    worker.terminate()
    const waiting: OpenRequest = { ...request, options: { wait: true } }
    await second.call('open', waiting, DEADLINE_MS)
    await second.call('close', undefined, DEADLINE_MS)
    await second.call('remove', request.name, DEADLINE_MS)
    second.terminate()
  })
})

describe('opfs-worker', () => {
  it('says in a window that it needs a worker, and which backend does not', async () => {
    await expect(openOpfsWorker('window')).rejects.toThrow(/^ENOTSUP.*dedicated Worker.*idb/)
  })

  it.each([
    [{ ringBytes: 10 }, /ringBytes is an integer of at least 65536 and at most 1073741824/],
    [{ maxHandles: 3 }, /maxHandles is an integer of at least 4/],
    [{ maxHandles: 4.5 }, /maxHandles is an integer of at least 4/],
    [{ durability: 'none' }, /durability is 'strict' or 'relaxed'/],
    [{ directory: {} }, /unknown option 'directory'/],
  ])('refuses the options %o', async (options, message) => {
    await expect(openOpfsWorker('options', options as never)).rejects.toThrow(message)
  })
})
