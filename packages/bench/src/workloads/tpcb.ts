// Transactions in the manner of TPC-B, as pgbench runs them by default: five statements that move money
// between an account, its teller and its branch and write down that they did. Seeded, so that every
// backend does the same, and checked by the sums, which must agree.

import type { PGlite, Transaction } from '@electric-sql/pglite'
import { REPEAT_MAX, WrongResult, type PostgresWorkload } from './workload.ts'

const ACCOUNTS = 100_000
const TELLERS = 10
const BRANCHES = 1
const DELTA_MAX = 5_000

export const tpcb: PostgresWorkload = {
  name: 'pg-tpcb',
  summary: `a transaction of five statements, as pgbench's, on ${ACCOUNTS} accounts`,
  kind: 'postgres',
  life: 'tpcb',
  set: 'full',
  phase: 'use',
  unit: 'ms',
  deadlineMs: 120_000,
  async run(session, meter) {
    await session.warmUp()
    const { pg } = session
    await pg.exec(`
      CREATE TABLE branches (bid int PRIMARY KEY, bbalance int NOT NULL, filler char(88));
      CREATE TABLE tellers (tid int PRIMARY KEY, bid int, tbalance int NOT NULL, filler char(84));
      CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int NOT NULL, filler char(84));
      CREATE TABLE history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
      INSERT INTO branches SELECT i, 0, '' FROM generate_series(1, ${BRANCHES}) AS i;
      INSERT INTO tellers SELECT i, 1, 0, '' FROM generate_series(1, ${TELLERS}) AS i;
      INSERT INTO accounts SELECT i, 1, 0, '' FROM generate_series(1, ${ACCOUNTS}) AS i`)
    const transfers = Array.from({ length: REPEAT_MAX }, (_, turn) => transferOf(turn))
    let turn = 0
    await meter.repeat<unknown>(() => {
      const transfer = transfers[turn++ % transfers.length] as Transfer
      return { run: () => pg.transaction((transaction) => move(transaction, transfer)) }
    })
    await checkSums(pg, transfers.slice(0, turn))
  },
}

interface Transfer {
  readonly account: number
  readonly teller: number
  readonly delta: number
}

function transferOf(turn: number): Transfer {
  // Weyl sequences: spread evenly, and the same for every backend.
  const spread = (multiplier: number, range: number): number =>
    (Math.imul(turn + 1, multiplier) >>> 0) % range
  return {
    account: 1 + spread(0x9e3779b1, ACCOUNTS),
    teller: 1 + spread(0x85ebca6b, TELLERS),
    delta: spread(0xc2b2ae35, 2 * DELTA_MAX + 1) - DELTA_MAX,
  }
}

async function move(transaction: Transaction, { account, teller, delta }: Transfer): Promise<void> {
  await transaction.query('UPDATE accounts SET abalance = abalance + $1 WHERE aid = $2', [
    delta,
    account,
  ])
  await transaction.query('SELECT abalance FROM accounts WHERE aid = $1', [account])
  await transaction.query('UPDATE tellers SET tbalance = tbalance + $1 WHERE tid = $2', [
    delta,
    teller,
  ])
  await transaction.query('UPDATE branches SET bbalance = bbalance + $1 WHERE bid = 1', [delta])
  await transaction.query(
    `INSERT INTO history (tid, bid, aid, delta, mtime)
     VALUES ($1, 1, $2, $3, CURRENT_TIMESTAMP)`,
    [teller, account, delta],
  )
}

async function checkSums(pg: PGlite, transfers: readonly Transfer[]): Promise<void> {
  const expected = transfers.reduce((sum, { delta }) => sum + delta, 0)
  const { rows } = await pg.query<Record<string, number>>(
    `SELECT (SELECT sum(abalance)::int FROM accounts) AS accounts,
            (SELECT sum(tbalance)::int FROM tellers) AS tellers,
            (SELECT sum(bbalance)::int FROM branches) AS branches,
            (SELECT sum(delta)::int FROM history) AS history`,
  )
  for (const [table, sum] of Object.entries(rows[0] ?? {})) {
    if (sum !== expected) throw new WrongResult(`${table} add up to ${sum} instead of ${expected}`)
  }
}
