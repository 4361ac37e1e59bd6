// Runs the steps of the SQL suite in their order, once each, whether a workload reports them or not.
// One per life; used by sql.ts.

import type { PGlite, Results } from '@electric-sql/pglite'
import type { VfsCounters } from '@wasm-vfs/core'
import type { Counters } from '../protocol.ts'
import { expectEqual } from './workload.ts'
import { summary, summarySql, type Tables } from './sql-model.ts'
import { SQL_STEPS } from './sql-steps.ts'

export interface SqlTime {
  readonly ms: number
  /** Physical work; undefined where the backend counts nothing. */
  readonly counters: Counters | undefined
}

/** What the suite needs of a session. */
export interface SqlTarget {
  readonly pg: PGlite
  stats(): VfsCounters
}

export class SqlSuite {
  readonly #target: SqlTarget
  readonly #tables: Tables = new Map()
  readonly #times: SqlTime[] = []
  /** A step that failed leaves the tables in a state that no later one can rely on. */
  #failure: unknown

  constructor(target: SqlTarget) {
    this.#target = target
  }

  /** What a step took; those before it that no workload asked for are done first. */
  async timeOf(name: string): Promise<SqlTime> {
    const index = SQL_STEPS.findIndex((step) => step.name === name)
    if (index < 0) throw new TypeError(`the suite has no step ${name}`)
    await this.#reach(index)
    return this.#times[index] as SqlTime
  }

  /** The sum over all steps. */
  async total(): Promise<SqlTime> {
    await this.#reach(SQL_STEPS.length - 1)
    const counters: Record<string, number> = {}
    for (const time of this.#times) {
      for (const [name, value] of Object.entries(time.counters ?? {})) {
        counters[name] = name === 'handles' ? value : (counters[name] ?? 0) + value
      }
    }
    const ms = this.#times.reduce((sum, time) => sum + time.ms, 0)
    return { ms, counters: Object.keys(counters).length === 0 ? undefined : counters }
  }

  async #reach(index: number): Promise<void> {
    while (this.#times.length <= index) {
      if (this.#failure !== undefined) {
        throw new Error('an earlier step of the suite failed', { cause: this.#failure })
      }
      try {
        await this.#next()
      } catch (error) {
        this.#failure = error
        throw error
      }
    }
  }

  async #next(): Promise<void> {
    const step = SQL_STEPS[this.#times.length]
    if (step === undefined) throw new TypeError('the suite is over')
    const { pg } = this.#target
    const sql = step.sql()
    const before = this.#target.stats()
    const start = performance.now()
    const results = (await pg.exec(sql)) as Results[]
    const ms = performance.now() - start
    const counters = growth(before, this.#target.stats())
    step.check?.(results, this.#tables)
    if (step.apply !== undefined) {
      step.apply(this.#tables)
      await this.#checkTables()
    }
    this.#times.push({ ms, counters })
  }

  async #checkTables(): Promise<void> {
    for (const [name, rows] of this.#tables) {
      const { rows: answers } = await this.#target.pg.query<{ summary: string }>(summarySql(name))
      expectEqual(`count and sums of ${name}`, answers[0]?.summary, summary(rows))
    }
  }
}

function growth(before: VfsCounters, after: VfsCounters): Counters | undefined {
  const names = Object.keys(after) as (keyof VfsCounters)[]
  if (names.length === 0) return undefined
  return Object.fromEntries(
    names.map((name) => {
      const now = after[name] ?? 0
      return [name, name === 'handles' ? now : now - (before[name] ?? 0)]
    }),
  )
}
