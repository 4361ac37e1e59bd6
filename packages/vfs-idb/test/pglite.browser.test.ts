// Postgres on idb: a database lives through close, reopen and the death of its worker, and reading
// opens no transaction.

import type { VfsCounters } from '@wasm-vfs/core'
import { TaskWorker } from '@wasm-vfs/core/testing'
import type { IdbOptions } from '@wasm-vfs/idb'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { terminatedWorkersLetGo } from './engines.ts'
import type { OpenRequest } from '../../vfs-core/test/pglite/worker-tasks.ts'
import type { InsertRequest, StartRequest } from './pglite.worker.ts'
import { openRaw } from './raw.ts'

const DEADLINE_MS = 60_000
const HELD_MS = 500

const worker = new TaskWorker(
  () => new Worker(new URL('./pglite.worker.ts', import.meta.url), { type: 'module' }),
)
const call = (task: string, argument?: unknown): Promise<unknown> =>
  worker.call(task, argument, DEADLINE_MS)
// A terminated worker gives its lock back a moment later.
const open = (name: string, durability: 'strict' | 'relaxed' = 'strict'): Promise<unknown> =>
  call('open', { name, options: { durability, wait: true } } satisfies OpenRequest<IdbOptions>)
const openWithCluster = (
  name: string,
  durability: 'strict' | 'relaxed' = 'strict',
): Promise<unknown> => {
  const options = { durability, wait: true }
  return call('open', { name, options, withCluster: true } satisfies OpenRequest<IdbOptions>)
}
const stats = async (): Promise<VfsCounters> => (await call('stats')) as VfsCounters

describe('PGlite on idb', () => {
  afterAll(() => worker.terminate())

  it('has everything after close and reopen, and SELECT opens no transaction', async () => {
    const name = 'pglite-reopened'
    await open(name)
    await call('exec', 'CREATE TABLE many (id int PRIMARY KEY, body text)')
    await call(
      'exec',
      `INSERT INTO many SELECT id, md5(id::text) FROM generate_series(1, 20000) AS id;
       DELETE FROM many WHERE id % 2 = 0`,
    )
    await call('exec', 'VACUUM FULL many')
    await call('exec', 'CHECKPOINT')
    await call('close')
    await open(name)
    const sum = 'SELECT count(*)::int AS n, sum(id)::text AS sum FROM many'
    expect(await call('query', sum)).toEqual([{ n: 10_000, sum: '100000000' }])
    // The first scan after VACUUM may still set hint bits; from the second on nothing is written.
    const before = await stats()
    expect(await call('query', sum)).toEqual([{ n: 10_000, sum: '100000000' }])
    expect((await stats()).transactions).toBe(before.transactions)
    await call('exec', "INSERT INTO many VALUES (0, 'one more')")
    expect((await stats()).transactions).toBe(before.transactions! + 1)
    await call('close')
    await call('remove', name)
  }, 120_000)

  it.runIf(terminatedWorkersLetGo).each(['strict', 'relaxed'] as const)(
    'has every acknowledged row after its worker was terminated (%s)',
    async (durability) => {
      const name = `pglite-killed-${durability}`
      await openWithCluster(name, durability)
      await call('exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
      for (let id = 0; id < 50; id++) await call('exec', `INSERT INTO log VALUES (${id}, 'row')`)
      worker.terminate()

      await open(name, durability)
      expect(await call('query', 'SELECT count(*)::int AS n FROM log')).toEqual([{ n: 50 }])
      await call('close')
      await call('remove', name)
    },
    120_000,
  )

  it('resolves nothing, in whatever way it was issued, before its transaction is complete', async () => {
    const name = 'pglite-held'
    await openWithCluster(name)
    await call('exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
    const ways = (await call('ways')) as string[]
    // All at once, where one waits for the other's sync (but for listen, with which PGlite's live queries can
    // wait for each other's locks); then each by itself.
    const rounds = [ways.filter((way) => way !== 'listen'), ...ways.map((way) => [way])]
    for (const [round, started] of rounds.entries()) {
      const { transactions: before = 0 } = await stats()
      const release = await holdTransactions(name)
      await call('start', { ways: started, firstId: round * 100 } satisfies StartRequest)
      // The first of them wants to write by then, and waits; so do those behind it.
      await vi.waitFor(async () => expect((await stats()).transactions).toBe(before + 1))
      await new Promise((resolve) => setTimeout(resolve, HELD_MS))
      expect(await call('settled')).toEqual([])
      await release()
      const all = async (): Promise<void> => {
        expect(((await call('settled')) as string[]).sort()).toEqual(started.toSorted())
      }
      await vi.waitFor(all, { timeout: DEADLINE_MS })
    }
    if (terminatedWorkersLetGo) worker.terminate()
    else await call('close')
    await open(name)
    const count = 'SELECT count(*)::int AS n FROM log'
    expect(await call('query', count)).toEqual([{ n: rounds.flat().length }])
    await call('close')
    await call('remove', name)
  }, 400_000)

  it.runIf(terminatedWorkersLetGo)(
    'has every acknowledged row of queries issued at once, killed among them',
    async () => {
      const name = 'pglite-concurrent'
      await openWithCluster(name)
      await call('exec', 'CREATE TABLE log (id int PRIMARY KEY, body text)')
      for (const killAfter of [1, 3, 8]) {
        const channel = `${name}-${killAfter}`
        const acknowledged = await insertUntil(channel, killAfter)
        await open(name)
        const rows = (await call('query', 'SELECT id FROM log ORDER BY id')) as { id: number }[]
        const present = new Set(rows.map(({ id }) => id))
        expect(acknowledged.filter((id) => !present.has(id))).toEqual([])
        await call('exec', 'TRUNCATE log')
      }
      await call('close')
      await call('remove', name)
    },
    120_000,
  )
})

/** From now on no transaction of the store begins, until the answer is called. */
async function holdTransactions(name: string): Promise<() => Promise<void>> {
  const database = await openRaw(name)
  const transaction = database.transaction([...database.objectStoreNames], 'readwrite')
  const released = new Promise<void>((resolve) => (transaction.oncomplete = () => resolve()))
  let held = true
  // It has begun, and is before all others, once its first request is answered.
  await new Promise<void>((resolve) => {
    const keep = (): void => {
      resolve()
      if (held) transaction.objectStore('state').get('head').onsuccess = keep
    }
    transaction.objectStore('state').get('head').onsuccess = keep
  })
  return async () => {
    held = false
    await released
    database.close()
  }
}

/** Kills the worker as soon as so many inserts are acknowledged; answers with which were. */
async function insertUntil(channel: string, killAfter: number): Promise<number[]> {
  const announcements = new BroadcastChannel(channel)
  const acknowledged: number[] = []
  const enough = new Promise<void>((resolve) => {
    announcements.onmessage = ({ data }: MessageEvent<number>) => {
      acknowledged.push(data)
      if (acknowledged.length === killAfter) resolve()
    }
  })
  // It is terminated in the middle, so its answer never comes; its deadline passes unheard.
  const request: InsertRequest = { channel, rows: 200 }
  call('insertAtOnce', request).catch(() => {})
  await enough
  worker.terminate()
  announcements.close()
  return acknowledged
}
