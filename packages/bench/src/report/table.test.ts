import { describe, expect, test } from 'vitest'
import { cellOf, documentOf, probeOf } from '../../test/documents.ts'
import type { BenchDocument, BenchResult, ProbeResult } from '../schema.ts'
import { renderTables } from './table.ts'

function result(changes: Partial<BenchResult>): BenchResult {
  const { median = null } = changes
  return cellOf('pg-create', 'memory none', median === null ? [] : [median], changes)
}

function document(results: BenchResult[], probes: ProbeResult[] = []): BenchDocument {
  return documentOf({ results, probes })
}

const three = [
  result({ median: 2_000 }),
  result({ backend: 'opfs-ahp', durability: 'strict', median: 3_000 }),
  result({ backend: 'opfs-ahp', durability: 'relaxed', median: 2_500 }),
]

describe('the comparison', () => {
  test('puts each median beside its ratio to the memory column', () => {
    const text = renderTables(document(three), 100)
    expect(text).toMatch(/pg-create \(ms\)\s+2,000 1\.00×\s+3,000 1\.50×/)
  })

  test('never shows strict and relaxed in one table', () => {
    const text = renderTables(document(three), 100)
    const [, strict = '', relaxed = ''] = text.split('Durability: ')
    expect(strict).toMatch(/^strict/)
    expect(strict).toContain('3,000')
    expect(strict).not.toContain('2,500')
    expect(relaxed).toMatch(/^relaxed/)
    expect(relaxed).toContain('2,500 1.25×')
    expect(relaxed).not.toContain('3,000')
  })

  test('gives no ratios without the memory column', () => {
    const text = renderTables(document(three.slice(1)), 100)
    expect(text).toContain('3,000')
    expect(text).not.toContain('×')
  })

  test('shows backends in memory when there is nothing else', () => {
    expect(renderTables(document(three.slice(0, 1)), 100)).toContain('2,000 1.00×')
  })

  test('marks cells without figures and explains them below', () => {
    const error = { kind: 'timeout', message: 'no end after 60 s' } as const
    const text = renderTables(
      document([
        result({ median: 1 }),
        result({ backend: 'pglite-idb', durability: 'strict', error }),
        result({ workload: 'pg-close', skipped: 'nothing to close' }),
        result({ workload: 'pg-close', backend: 'pglite-idb', durability: 'strict', error }),
      ]),
      100,
    )
    expect(text).toMatch(/pg-create \(ms\).*hangs\[1\]/)
    expect(text).toMatch(/pg-close \(ms\)\s+-\s+hangs\[1\]/)
    expect(text).toContain('[1] pglite-idb strict: no end after 60 s (pg-create, pg-close)')
  })

  test('shows an error even where some rounds gave samples', () => {
    const error = { kind: 'wrong-result', message: 'a row is missing' } as const
    const text = renderTables(document([result({ median: 12.3, error })]), 100)
    expect(text).toContain('wrong[1]')
    expect(text).not.toContain('12.3')
  })

  test('marks a median whose samples spread widely', () => {
    const unsteady = renderTables(document([result({ median: 10, p25: 8, p75: 14 })]), 100)
    expect(unsteady).toMatch(/~10\.0 1\.00×/)
    expect(unsteady).toContain('~ the middle half')
    const steady = renderTables(document([result({ median: 10, p25: 8, p75: 13 })]), 100)
    expect(steady).not.toContain('~')
  })

  test('says how a rival means its durability', () => {
    const rival = result({ backend: 'pglite-opfs-ahp', durability: 'strict', median: 1 })
    expect(renderTables(document([rival]), 100)).toMatch(/pglite-opfs-ahp: .*pg_control/)
  })

  test('lists the floor of the machine', () => {
    const probe = { ...probeOf('opfs-write-8k', 9.25), p95: 13.5 }
    expect(renderTables(document(three, [probe]), 100)).toMatch(/opfs-write-8k\s+9\.25/)
  })
})

describe('the width', () => {
  const names = ['memory', 'a-one', 'a-two', 'a-three', 'a-four', 'a-five', 'a-six', 'a-seven']
  const wide = document(
    names.map((backend, index) =>
      result({
        backend,
        durability: index === 0 ? 'none' : 'strict',
        median: 1_000 * (index + 1),
      }),
    ),
  )

  test('of the terminal is kept, every column shown once and memory in each part', () => {
    const text = renderTables(wide, 80)
    const lines = text.split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    for (const name of names.slice(1)) {
      expect(text.match(new RegExp(`\\b${name.slice(2)}\\b`, 'g'))).toHaveLength(1)
    }
    expect(lines.filter((line) => line.startsWith('pg-create')).length).toBeGreaterThan(1)
    for (const line of lines.filter((text_) => text_.startsWith('pg-create'))) {
      expect(line).toContain('1,000 1.00×')
    }
  })

  test('is used where there is enough of it', () => {
    const rows = renderTables(wide, 200)
      .split('\n')
      .filter((line) => line.startsWith('pg-create'))
    expect(rows).toHaveLength(1)
  })
})
