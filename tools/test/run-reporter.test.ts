// Whatever goes wrong in a run of tests is counted and named, and a run that stands still is ended.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROOT } from '../workspace.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures', 'reported.ts')
const DEADLINE_MS = 120_000

/** Within the checkout, where `vitest` is found. */
const PARENT = join(ROOT, 'node_modules', '.reported')
let directory: string
beforeEach(() => {
  mkdirSync(PARENT, { recursive: true })
  directory = mkdtempSync(join(PARENT, 'run-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const PASSES = "test('passes', () => {})"

interface Reported {
  readonly output: string
  readonly passed: number
  readonly failures: readonly string[]
  readonly files: number
}

function run(files: Readonly<Record<string, string>>, silenceMs?: number): Reported {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), `import { beforeAll, test } from 'vitest'\n${text}\n`)
  }
  const isOfVitest = ([name]: [string, unknown]): boolean => /^(VITEST|TEST$|NODE_ENV$)/.test(name)
  const env = Object.fromEntries(Object.entries(process.env).filter((each) => !isOfVitest(each)))
  const silence = silenceMs === undefined ? [] : [String(silenceMs)]
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', FIXTURE, directory, ...silence],
    { env: { ...env, NO_COLOR: '1', FORCE_COLOR: undefined }, encoding: 'utf8' },
  )
  const output = stdout + stderr
  const kept = /^kept (.*)$/m.exec(stdout)?.[1]
  return { output, ...(JSON.parse(kept ?? '{}') as Omit<Reported, 'output'>) }
}

describe('a run of tests', { timeout: DEADLINE_MS }, () => {
  it('counts what passed and names what failed, with its message', () => {
    const { output, ...kept } = run({
      'a.test.ts': `${PASSES}\ntest('fails', () => { throw new Error('as asked') })`,
      'b.test.ts': PASSES,
    })
    expect(kept).toEqual({
      passed: 2,
      failures: [expect.stringMatching(/a\.test\.ts: fails$/)],
      files: 2,
    })
    expect(output).toContain('Error: as asked')
  })

  it.each([
    ['a file that does not load', "import './missing.ts'", /a\.test\.ts$/],
    ['a hook that throws', `beforeAll(() => { throw new Error('no') })\n${PASSES}`, /a\.test\.ts$/],
    ['a file without tests', '', /a\.test\.ts$/],
    ['an error outside of tests', `${PASSES}\nvoid Promise.reject(new Error('no'))`, /^vitest$/],
  ])('fails for %s', (_what, text, title) => {
    const { failures } = run({ 'a.test.ts': text, 'b.test.ts': PASSES })
    expect(failures).toEqual([expect.stringMatching(title)])
  })

  it('fails if there is no test at all', () => {
    expect(run({}).failures).toEqual(['vitest'])
  })

  it('ends if nothing ends in it, and names what was running', () => {
    const { output } = run(
      { 'a.test.ts': "test('waits', () => new Promise(() => {}), 60_000)" },
      1500,
    )
    expect(output).toMatch(/no test has finished within 1.5 s; running were .*a\.test\.ts: waits/)
    expect(output).toMatch(/^0 passed, 1 failed\n$/m)
  })
})
