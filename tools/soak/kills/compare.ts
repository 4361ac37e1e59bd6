// A reopened database against the ledger of what was acknowledged.

import { createHash } from 'node:crypto'
import { Ledger } from './ledger.ts'
import type { Inspection } from './worker.ts'

const DIFFERENCES_MAX = 5

export interface Comparison {
  /** Commits that the database shows. */
  readonly count: number
  /** What is wrong, in sentences, Postgres's own findings included. */
  readonly problems: readonly string[]
}

/**
 * The database must be as after all that was acknowledged, or as after the one commit more that was under
 * way: nothing lost, nothing twice, no strangers.
 */
export function compare(shown: Inspection, seed: number, acknowledged: number): Comparison {
  const problems = [...shown.findings]
  if (shown.checksums !== 'on') problems.push(`data checksums are ${shown.checksums}`)
  if (differencesFrom(new Ledger(seed, acknowledged + 1), shown).length === 0) {
    return { count: acknowledged + 1, problems }
  }
  problems.push(...differencesFrom(new Ledger(seed, acknowledged), shown))
  return { count: acknowledged, problems }
}

function differencesFrom(ledger: Ledger, shown: Inspection): string[] {
  const { rows, tables } = ledger.contents()
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  const expected = rows.map(([id, version, body]) => `row ${id}.${version} ${md5(body)}`)
  expected.push(...tables.map(([name, count]) => `table ${name} of ${count}`))
  const found = shown.rows.map(([id, version, digest]) => `row ${id}.${version} ${digest}`)
  found.push(...shown.tables.map(([name, count]) => `table ${name} of ${count}`))
  const lost = expected.filter((each) => !found.includes(each))
  const strange = found.filter((each) => !expected.includes(each))
  const differences = [
    ...lost.map((each) => `after ${ledger.count} commits ${each} is missing`),
    ...strange.map((each) => `after ${ledger.count} commits ${each} is there`),
  ]
  if (found.length !== new Set(found).size) differences.push('something is there twice')
  if (differences.length <= DIFFERENCES_MAX) return differences
  const more = differences.length - DIFFERENCES_MAX
  return [...differences.slice(0, DIFFERENCES_MAX), `and ${more} more differences`]
}
