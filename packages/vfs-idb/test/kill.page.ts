// The page of kill.e2e.test.ts: tells the server what it finds in the store, then goes on with it until
// it is killed, telling each round or row as soon as it is acknowledged.

import { PGlite, protocol } from '@electric-sql/pglite'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { openIdb, type IdbOptions } from '@wasm-vfs/idb'
import { changeVfs, stateOf } from './kill-rounds.ts'

/** Rows inserted at once: some of them are under way whenever the browser is killed. */
const AT_ONCE = 4

const parameters = new URLSearchParams(location.search)
const store = parameters.get('store')!
const durability = parameters.get('durability') as NonNullable<IdbOptions['durability']>

async function tell(what: 'found' | 'acknowledged' | 'failed', value: unknown): Promise<void> {
  await fetch(`/${what}`, { method: 'POST', body: JSON.stringify(value), keepalive: false })
}

async function files(): Promise<void> {
  const vfs = await openIdb(store, { durability, wait: true })
  const found = stateOf(vfs)
  await tell('found', found)
  const last = found.round + Number(parameters.get('rounds') ?? Infinity)
  for (let round = found.round + 1; round <= last; round++) {
    changeVfs(vfs, round)
    await vfs.sync()
    // Not awaited: the next sync is under way while this one is told.
    void tell('acknowledged', round)
  }
}

async function postgres(): Promise<void> {
  const vfs = await openIdb(store, { durability, wait: true })
  const pg = await PGlite.create(pgliteOptions(vfs))
  await pg.exec('CREATE TABLE IF NOT EXISTS log (id int PRIMARY KEY, body text)')
  // Through the index and without it.
  await pg.exec(
    'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off',
  )
  const all = await pg.query<{ id: number }>('SELECT id FROM log ORDER BY id')
  await pg.exec('RESET ALL; SET enable_seqscan = off')
  const indexed = await pg.query<{ id: number }>('SELECT id FROM log ORDER BY id')
  const ids = all.rows.map(({ id }) => id)
  const agree = JSON.stringify(indexed.rows) === JSON.stringify(all.rows)
  await tell('found', { ids, agree })
  let next = (ids.at(-1) ?? 0) + 1
  const insert = async (): Promise<never> => {
    for (;;) {
      const id = next++
      // Messages of the protocol do not wait for each other's syncs, as those of `query` do.
      const message = `INSERT INTO log VALUES (${id}, repeat('x', ${(id * 37) % 3000}))`
      await pg.execProtocol(protocol.serialize.query(message))
      void tell('acknowledged', id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, insert))
}

const run = parameters.get('program') === 'postgres' ? postgres : files
run().catch((error: unknown) => tell('failed', String(error)))
