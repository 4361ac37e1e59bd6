// The transactions that a database under fire commits, one after another, and what it must hold after
// each of them. The worker in the browser runs them; the oracle outside knows how many were acknowledged
// and so, because all follow from a seed, every row that must be there. Runs in Node and in browsers.

import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'

/** Few enough that rows are updated and removed again and again, and pages with them. */
const IDS = 300
const SIDE_TABLES_MAX = 4
const WORDS_MAX = 60
/** Longer than a page, so that it goes to a table of its own (TOAST). */
const LONG_WORDS = 1500

interface Row {
  readonly version: number
  readonly words: number
}

/** What a database shows: of each row its id, version and text, of each further table its rows. */
export interface LedgerContents {
  readonly rows: readonly (readonly [id: number, version: number, body: string])[]
  readonly tables: readonly (readonly [name: string, rows: number])[]
}

/** Run once on a new store, before the first transaction. */
export const LEDGER_SCHEMA = `
  CREATE EXTENSION amcheck;
  CREATE TABLE ledger (id int PRIMARY KEY, version int NOT NULL, body text NOT NULL);
  CREATE INDEX ledger_version ON ledger (version);
  CREATE INDEX ledger_body ON ledger (left(body, 40));
`

export class Ledger {
  readonly #seed: number
  readonly #rows = new Map<number, Row>()
  readonly #tables = new Map<string, number>()
  #count = 0

  constructor(seed: number, count: number = 0) {
    this.#seed = seed
    while (this.#count < count) this.next()
  }

  /** Transactions so far. */
  get count(): number {
    return this.#count
  }

  /** The SQL of the next transaction; the ledger is then as after it. */
  next(): string {
    const number = ++this.#count
    const random = new SeededRandom(Math.imul(this.#seed + 1, 0x9e3779b1) ^ number)
    const dice = random.below(100)
    if (dice < 40) return this.#put(random, number)
    if (dice < 55) return this.#remove(random)
    if (dice < 75) return this.#several(random, number)
    if (dice < 80) return this.#rolledBack(random, number)
    if (dice < 92) return this.#put(random, number, random.chance(0.3) ? LONG_WORDS : 200)
    if (dice < 97) return this.#table(random, number)
    return 'CHECKPOINT'
  }

  contents(): LedgerContents {
    const rows = [...this.#rows].sort(([a], [b]) => a - b)
    return {
      rows: rows.map(([id, { version, words }]) => [id, version, this.#body(id, version, words)]),
      tables: [...this.#tables].sort(([a], [b]) => (a < b ? -1 : 1)),
    }
  }

  #put(random: SeededRandom, number: number, words: number = random.below(WORDS_MAX)): string {
    const id = random.below(IDS)
    this.#rows.set(id, { version: number, words })
    return this.#upsert(id, number, words)
  }

  #upsert(id: number, version: number, words: number): string {
    return (
      `INSERT INTO ledger VALUES (${id}, ${version}, '${this.#body(id, version, words)}') ` +
      'ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body'
    )
  }

  #remove(random: SeededRandom): string {
    const from = random.below(IDS)
    const to = from + random.below(5)
    for (let id = from; id <= to; id++) this.#rows.delete(id)
    return `DELETE FROM ledger WHERE id BETWEEN ${from} AND ${to}`
  }

  #several(random: SeededRandom, number: number): string {
    const parts = ['BEGIN']
    for (let left = 2 + random.below(12); left > 0; left--) {
      parts.push(random.chance(0.8) ? this.#put(random, number) : this.#remove(random))
    }
    return [...parts, 'COMMIT'].join(';\n')
  }

  #rolledBack(random: SeededRandom, number: number): string {
    const [id, words] = [random.below(IDS), random.below(WORDS_MAX)]
    return ['BEGIN', this.#upsert(id, number, words), 'DELETE FROM ledger', 'ROLLBACK'].join(';\n')
  }

  #table(random: SeededRandom, number: number): string {
    const [oldest] = this.#tables.keys()
    if (oldest !== undefined && this.#tables.size >= SIDE_TABLES_MAX) {
      this.#tables.delete(oldest)
      return `DROP TABLE ${oldest}`
    }
    const name = `side_${number}`
    const rows = 1 + random.below(400)
    this.#tables.set(name, rows)
    return (
      `CREATE TABLE ${name} (id serial PRIMARY KEY, body text);\n` +
      `INSERT INTO ${name} (body) SELECT repeat(i::text, 20) FROM generate_series(1, ${rows}) AS i`
    )
  }

  /** Hexadecimal words that do not repeat, so that no compression makes them short. */
  #body(id: number, version: number, words: number): string {
    const random = new SeededRandom(Math.imul(id + 1, 0x85ebca6b) ^ version)
    let body = `${id}.${version}.`
    for (let word = 0; word < words; word++) body += random.next().toString(16).padStart(8, '0')
    return body
  }
}
