// A table of distinct, incompressible rows of one size, and the model of what must be in it. Its
// content is a pure function of the operations done, so the digest is checked against the model and
// not against another backend. Used by the round-trip workloads and by the check at a life's end.

import type { SqlDatabase, SqlResult } from '../backends/sql.ts'
import type { ExpectedTable } from '../protocol.ts'
import { expectEqual, WrongResult, type Operation } from './workload.ts'

export type RowSize = 'small' | '1k' | '10k'

export const ROW_SIZES: readonly RowSize[] = ['small', '1k', '10k']

/**
 * Bytes of text in a row. With the tuple's header and its key a small one takes about 100 bytes; one
 * of 10k does not fit a page and goes to TOAST, out of line.
 */
export const PAYLOAD_BYTES: Readonly<Record<RowSize, number>> = {
  small: 72,
  '1k': 1_024,
  '10k': 10_240,
}

export class RowTable {
  readonly size: RowSize
  readonly name: string
  /** The version of each row's payload, by id, in ascending order of ids. */
  readonly #versions = new Map<number, number>()
  #nextId = 1

  constructor(size: RowSize, name = `bench_${size}`) {
    this.size = size
    this.name = name
  }

  /** Rows that the table must hold now. */
  get count(): number {
    return this.#versions.size
  }

  async create(sql: SqlDatabase): Promise<void> {
    await sql.exec(`CREATE TABLE ${this.name} (id int PRIMARY KEY, payload text NOT NULL)`)
  }

  /** Fills the table up to `count` rows, in one statement. */
  async fill(sql: SqlDatabase, count: number): Promise<void> {
    const ids: number[] = []
    const parameters: unknown[] = []
    for (let missing = count - this.count; missing > 0; missing--) {
      const id = this.#nextId++
      ids.push(id)
      parameters.push(id, payload(this.size, id, 0))
    }
    if (ids.length === 0) return
    const values = ids.map((_, index) => `($${2 * index + 1}, $${2 * index + 2})`)
    const { affectedRows } = await sql.query(
      `INSERT INTO ${this.name} (id, payload) VALUES ${values.join(', ')}`,
      parameters,
    )
    expectEqual('rows inserted', affectedRows, ids.length)
    for (const id of ids) this.#versions.set(id, 0)
  }

  insert(sql: SqlDatabase): Operation<SqlResult<unknown>> {
    const id = this.#nextId++
    const parameters = [id, payload(this.size, id, 0)]
    return {
      run: () => sql.query(`INSERT INTO ${this.name} (id, payload) VALUES ($1, $2)`, parameters),
      check: ({ affectedRows }) => {
        expectEqual('rows inserted', affectedRows, 1)
        this.#versions.set(id, 0)
      },
    }
  }

  select(sql: SqlDatabase, turn: number): Operation<SqlResult<{ payload: string }>> {
    const [id, version] = this.#row(turn)
    const expected = payload(this.size, id, version)
    return {
      run: () => sql.query(`SELECT payload FROM ${this.name} WHERE id = $1`, [id]),
      check: ({ rows }) => {
        expectEqual('rows selected', rows.length, 1)
        if (rows[0]?.payload !== expected) throw new WrongResult(`row ${id} holds another payload`)
      },
    }
  }

  update(sql: SqlDatabase, turn: number): Operation<SqlResult<unknown>> {
    const [id, version] = this.#row(turn)
    const parameters = [id, payload(this.size, id, version + 1)]
    return {
      run: () => sql.query(`UPDATE ${this.name} SET payload = $2 WHERE id = $1`, parameters),
      check: ({ affectedRows }) => {
        expectEqual('rows updated', affectedRows, 1)
        this.#versions.set(id, version + 1)
      },
    }
  }

  /** Deletes the oldest row. */
  delete(sql: SqlDatabase): Operation<SqlResult<unknown>> {
    const [id] = this.#row(0)
    return {
      run: () => sql.query(`DELETE FROM ${this.name} WHERE id = $1`, [id]),
      check: ({ affectedRows }) => {
        expectEqual('rows deleted', affectedRows, 1)
        this.#versions.delete(id)
      },
    }
  }

  async expected(workloads: readonly string[]): Promise<ExpectedTable> {
    const rows = [...this.#versions].map(([id, version]) => ({
      id,
      payload: payload(this.size, id, version),
    }))
    return { table: this.name, rows: this.count, digest: await digestOf(rows), workloads }
  }

  /** The row at a position in turn, so that consecutive operations meet different rows. */
  #row(turn: number): [id: number, version: number] {
    const rows = [...this.#versions]
    const row = rows[turn % rows.length]
    if (row === undefined) throw new TypeError(`${this.name} is empty: fill it first`)
    return row
  }
}

/** Compares a table with what must be in it; WrongResult if it differs. */
export async function checkTable(sql: SqlDatabase, expected: ExpectedTable): Promise<void> {
  const { rows } = await sql.query<Row>(`SELECT id, payload FROM ${expected.table} ORDER BY id`)
  expectEqual(`rows in ${expected.table}`, rows.length, expected.rows)
  expectEqual(`digest of ${expected.table}`, await digestOf(rows), expected.digest)
}

interface Row {
  readonly id: number
  readonly payload: string
}

async function digestOf(rows: readonly Row[]): Promise<string> {
  const text = rows.map(({ id, payload: content }) => `${id}:${content}`).join('\n')
  return hex(await sha256(utf8.encode(text)))
}

const ALPHABET = utf8Bytes('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
const utf8 = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Text that pglz cannot compress, different for each row and version: 64 symbols drawn by the
 * xorshift32 generator, seeded by all three.
 */
export function payload(size: RowSize, id: number, version: number): string {
  const text = new Uint8Array(PAYLOAD_BYTES[size])
  let state = (Math.imul(id, 0x9e3779b1) ^ Math.imul(version + 1, 0x85ebca6b) ^ text.length) | 1
  for (let at = 0; at < text.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    text[at] = ALPHABET[state >>> 26] as number
  }
  return decoder.decode(text)
}

function utf8Bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
