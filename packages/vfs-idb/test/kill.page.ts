// The page of kill.e2e.test.ts: tells the server what it finds in each store, then goes on with all of them
// until it is killed, telling each round or row as soon as it is acknowledged.

import { PGlite, protocol } from '@electric-sql/pglite'
import { pgliteOptions } from '@wasm-vfs/core/pglite'
import { openIdb, type IdbOptions } from '@wasm-vfs/idb'
import { changeVfs, stateOf } from './kill-rounds.ts'

/** Rows inserted at once: some of them are under way whenever the browser is killed. */
const AT_ONCE = 4

export type Program = 'files' | 'postgres'

/** A store of the page, of which there is one in each `store=` of its address. */
export interface StoreRequest {
  readonly name: string
  readonly program: Program
  readonly durability: NonNullable<IdbOptions['durability']>
  /** Of files: rounds to go on for; without it, forever. */
  readonly rounds?: number
}

/** What is told of a store, after the word for what it is. */
export interface Told {
  readonly store: string
  readonly value: unknown
}

type Tell = (what: 'found' | 'acknowledged' | 'failed', value: unknown) => Promise<void>

/** Goes on with a store that has been looked at. */
type Work = () => Promise<unknown>

async function files({ name, durability, rounds }: StoreRequest, tell: Tell): Promise<Work> {
  const vfs = await openIdb(name, { durability, wait: true })
  const found = stateOf(vfs)
  await tell('found', found)
  const last = found.round + (rounds ?? Infinity)
  return async () => {
    for (let round = found.round + 1; round <= last; round++) {
      changeVfs(vfs, round)
      await vfs.sync()
      // Not awaited: the next sync is under way while this one is told.
      void tell('acknowledged', round)
    }
  }
}

async function postgres({ name, durability }: StoreRequest, tell: Tell): Promise<Work> {
  const vfs = await openIdb(name, { durability, wait: true })
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
  return () => Promise.all(Array.from({ length: AT_ONCE }, insert))
}

const PROGRAMS = { files, postgres }

function tellOf(store: string): Tell {
  return async (what, value) => {
    const body = JSON.stringify({ store, value } satisfies Told)
    await fetch(`/${what}`, { method: 'POST', body, keepalive: false })
  }
}

async function run(): Promise<void> {
  const requests = new URLSearchParams(location.search)
    .getAll('store')
    .map((text) => JSON.parse(text) as StoreRequest)
  const heard = async <Result>({ name }: StoreRequest, work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } catch (error) {
      await tellOf(name)('failed', String(error))
      throw error
    }
  }
  const looks = requests.map((each) => heard(each, PROGRAMS[each.program](each, tellOf(each.name))))
  const works = await Promise.all(looks)
  await Promise.all(works.map((work, index) => heard(requests[index]!, work())))
}

await run()
