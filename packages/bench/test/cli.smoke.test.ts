// The benchmark as users run it, once: one round, two columns, in Chromium.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { SCHEMA, type BenchDocument } from '../src/schema.ts'

const CLI = join(import.meta.dirname, '..', 'src', 'cli.ts')
const directory = mkdtempSync(join(tmpdir(), 'bench-smoke-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('a run prints a table and writes a figure for every cell', async () => {
  const file = join(directory, 'run.json')
  const columns = ['--backend', 'memory,opfs-ahp', '--durability', 'strict']
  const workloads = ['--workload', 'pg-create,pg-insert-small', '--samples', '1']
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    CLI,
    ...columns,
    ...workloads,
    '--json',
    file,
  ])
  expect(stdout).toMatch(/pg-insert-small \(ms\)\s+~?[\d,.]+ 1\.00×\s+~?[\d,.]+ +[\d,.]+×/)
  const document = JSON.parse(readFileSync(file, 'utf8')) as BenchDocument
  expect(document).toMatchObject({ schema: SCHEMA, complete: true, rounds: 1 })
  const cells = document.results.filter(({ backend }) => ['memory', 'opfs-ahp'].includes(backend))
  expect(cells).toHaveLength(4)
  for (const { error, median } of cells) {
    expect(error).toBeUndefined()
    expect(median).toBeGreaterThan(0)
  }
})
