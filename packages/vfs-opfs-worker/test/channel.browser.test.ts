// The channel alone, over an IoStore in memory: order, joining, back-pressure, errors of posted work, waits
// that do not block, attached memories, and a worker that dies in any way.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { withIoWorkers } from './io-workers.page.ts'

const DEADLINE_MS = 120_000

const start = (): TaskWorker =>
  new TaskWorker(() =>
    withIoWorkers(new Worker(new URL('./channel.worker.ts', import.meta.url), { type: 'module' })),
  )
const worker = start()
const call = (task: string, argument?: unknown): Promise<unknown> =>
  worker.call(task, argument, DEADLINE_MS)

/** In a worker of its own, so that tests that wait for a deadline wait beside each other. */
async function callAlone(task: string, argument?: unknown): Promise<unknown> {
  const own = start()
  try {
    return await own.call(task, argument, DEADLINE_MS)
  } finally {
    own.terminate()
  }
}

interface Outcome {
  readonly outcome: string
  readonly ms: number
}

describe('the channel of opfs-worker', () => {
  afterAll(() => worker.terminate())

  it('vouches for nothing after the failure of a posted write, whatever becomes of the file', async () => {
    const { outcomes, readable } = (await call('failed post')) as {
      outcomes: string[]
      readable: boolean
    }
    expect(readable).toBe(true)
    // Of what was asked before the write was carried out nothing is known.
    expect(outcomes.slice(1)).toEqual(
      Array.from({ length: 8 }, () => expect.stringMatching(/^EIO.*reopen the store.*as asked/)),
    )
  })

  it('hands writes that adjoin to the store as one', async () => {
    const { writes, waits, ...rest } = (await call('joined writes')) as Record<string, number>
    expect(rest).toEqual({ bytesCopied: 32 * 1024 + 1, whole: true })
    expect(waits).toBe(0)
    // The one that blocks, and the others as one; two if the first of them got through before.
    expect(writes).toBeLessThanOrEqual(3)
  })

  it('waits where the ring is full, splits what is longer, and copies each byte once', async () => {
    const { bytesCopied, written, read, ...rest } = (await call('more than the ring holds')) as {
      bytesCopied: number
      written: number
      read: number
    }
    expect(rest).toEqual({ whole: true, overwritten: true })
    expect(bytesCopied).toBe(written + read)
  })

  it('waits once for several reads in order, and never shows what has changed since', async () => {
    const seen = (await call('reads in order')) as Record<string, number> & { torn: Outcome }
    expect(seen).toMatchObject({ wrong: 0, written: true, cut: true, dropped: true })
    expect(seen.torn.outcome).toBe('EIO: input/output error, read: as asked')
    // 64 reads, 8 in a window.
    expect(seen.inOrder).toBeLessThanOrEqual(9)
    expect(seen.withOthersBetween).toBeLessThanOrEqual(9 + 8)
    expect(seen.twoByTurns).toBeLessThanOrEqual(64 + 9)
    // But for the window that the reads before have left.
    expect(seen.backwards).toBeGreaterThanOrEqual(64 - 8)
  })

  it('keeps requests apart when there are more of them than records', async () => {
    expect(await call('many small requests')).toBe(0)
  })

  it('carries a batch of metadata that is longer than the ring', async () => {
    expect(await call('a batch longer than the ring')).toEqual({ facts: 5000, commits: 1 })
  })

  it('asks nobody for an fsync of what was not written', async () => {
    expect(await call('fsync of what nobody wrote')).toBe(0)
  })

  it('posts growth within the reservation, asks once beyond it, and ENOSPC comes at once', async () => {
    expect(await call('space first')).toEqual({
      within: 0,
      beyond: 1,
      outcomes: ['ENOSPC', 'ok', 'ok'],
    })
  })

  it.each([true, false])(
    'lets timers run during a sync (Atomics.waitAsync: %s)',
    async (native) => {
      const seen = (await call('a sync that does not block', native)) as Outcome & { ticks: number }
      expect(seen.outcome).toBe('ok')
      expect(seen.ms).toBeGreaterThan(200)
      expect(seen.ticks).toBeGreaterThan(5)
    },
  )

  it('lets timers run while a sync waits for its batch, and keeps batches in order', async () => {
    const seen = (await call('a batch that is awaited')) as Outcome & { ticks: number }
    expect(seen).toMatchObject({ outcome: 'ok', commits: 2 })
    expect(seen.ticks).toBeGreaterThan(2)
  })

  it('reads and writes an attached memory without a copy, also after it has grown', async () => {
    expect(await call('an attached memory')).toEqual({
      whole: true,
      bytesCopied: 0,
      copiedOnce: 1000,
    })
  })

  it('passes on why a store does not open, and can open another', async () => {
    expect(await call('a store that does not open')).toEqual([
      "EINVAL: invalid argument, open 'refuses': as asked",
      'ok',
    ])
  })
})

describe.concurrent(
  'the channel of opfs-worker, as deadlines pass,',
  { timeout: DEADLINE_MS },
  () => {
    it('says what is wrong with a script that is missing, foreign or of another version', async () => {
      const { outcomes, answer } = (await callAlone('scripts that do not do')) as {
        outcomes: string[]
        answer: { type: string; text: string }
      }
      expect(outcomes[0]).toMatch(/^EIO: .*could not be started/)
      expect(outcomes[1]).toMatch(/^EIO: .*gave no sign of life for 5000 ms: its script/)
      expect(outcomes[2]).toMatch(/^EPROTO: .*version 99/)
      expect(outcomes[3]).toMatch(
        /^ETIMEDOUT: .*is alive and has not opened the store within 50000 ms/,
      )
      expect(answer).toMatchObject({ type: 'refused', text: expect.stringContaining('version 2') })
    })

    it.each(['never', 'stuck'] as const)(
      "ends the mount if a request on the program's memory is late, and says so (%s)",
      async (ino) => {
        const seen = (await callAlone('a late request on attached memory', ino)) as Record<
          'first' | 'next' | 'again',
          Outcome
        >
        expect(seen.first.outcome).toMatch(/^EIO: .*until the worker has ended: end the program/)
        expect(seen.next.outcome).toBe(seen.first.outcome)
        expect(seen.again.outcome).toBe('ok')
        expect(seen).toMatchObject({ untouched: true })
      },
    )

    it.each(['idle', 'busy', 'stuck', 'never', 'broken', 'while syncing'] as const)(
      'finds a worker dead within its deadline, then fails at once, and opens anew (%s)',
      async (kind) => {
        const seen = (await callAlone('a dead worker', kind)) as Record<string, Outcome>
        const { first, next, ended, again } = seen as Record<
          'first' | 'next' | 'ended' | 'again',
          Outcome
        >
        expect(first.outcome).toMatch(
          /^EIO: .*the I\/O worker is gone, and the store must be reopened/,
        )
        // One that is alive has ten deadlines.
        expect(first.ms).toBeLessThan(kind === 'never' ? 20_000 : 8_000)
        expect(next.outcome).toBe(first.outcome)
        // Not after another deadline, which is a second.
        expect(next.ms).toBeLessThan(500)
        expect(ended.outcome).toBe('ok')
        expect(again.outcome).toBe('ok')
      },
    )
  },
)
