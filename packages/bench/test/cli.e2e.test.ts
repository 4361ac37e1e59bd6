// The CLI as users run it, with a real browser: a small run, an interrupt, and a browser that dies.

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findWebKit } from '../../../tools/webkit.ts'
import { PROBES } from '../src/probes/index.ts'
import { renderJson } from '../src/report/json.ts'
import { SCHEMA, type BenchDocument, type BenchResult } from '../src/schema.ts'
import { sampleRun } from './sample-run.ts'

const webkit = await findWebKit()

const CLI = join(import.meta.dirname, '..', 'src', 'cli.ts')

/** The machine may be busy. */
const RUN_TIMEOUT_MS = 240_000

let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-test-'))
})

afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

interface Bench {
  readonly process: ChildProcess
  /** Resolves once standard error has said this. */
  said(text: string): Promise<void>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function bench(...argv: string[]): Bench {
  return benchWith({}, ...argv)
}

function benchWith(env: Readonly<Record<string, string>>, ...argv: string[]): Bench {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    for (const listener of listeners) listener()
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    process: child,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(text)) resolve()
        }
        listeners.add(look)
        look()
        void ended.then(() => reject(new Error(`ended before it said '${text}': ${stderr}`)))
      }),
  }
}

function documentAt(file: string): BenchDocument {
  return JSON.parse(readFileSync(file, 'utf8')) as BenchDocument
}

const LIFE = 'pg-create,pg-insert-small,pg-reopen,pg-reopen-killed'
const SMALL = ['--backend', 'memory,opfs-ahp', '--durability', 'strict'] as const

/** What every run of SMALL and LIFE shows, whatever its browser and its end. */
function expectLife(stdout: string, { env, results, probes }: BenchDocument): void {
  expect(stdout).toMatch(/pg-create \(ms\)\s+~?[\d,.]+ 1\.00×\s+~?[\d,.]+ +[\d,.]+×/)
  expect(stdout).toMatch(/opfs-write-8k-flush\s+[\d,.]+/)
  expect(env.browser.userAgent).toMatch(/Mozilla/)
  const life = results.filter(
    ({ workload, backend }) =>
      LIFE.split(',').includes(workload) && ['memory', 'opfs-ahp'].includes(backend),
  )
  expect(life.map(({ workload, backend }) => `${workload} ${backend}`)).toEqual(
    LIFE.split(',').flatMap((workload) => [`${workload} memory`, `${workload} opfs-ahp`]),
  )
  const isSkipped = ({ workload, backend }: BenchResult): boolean =>
    backend === 'memory' && workload.startsWith('pg-reopen')
  for (const result of life.filter((cell) => isSkipped(cell))) {
    expect(result).toMatchObject({ median: null, samples: [], skipped: 'nothing to reopen' })
  }
  for (const result of life.filter((cell) => !isSkipped(cell))) {
    expect(result.error).toBeUndefined()
    expect(result.unit).toBe('ms')
    expect(result.median).toBeGreaterThan(0)
    expect(result.samples.every((sample) => sample > 0)).toBe(true)
    const [count = 0] = result.samplesPerRound
    expect(count).toBeGreaterThanOrEqual(result.workload === 'pg-insert-small' ? 5 : 1)
  }
  // The clock alone could not tell whether a strict commit was made durable.
  const insert = cellOf(results, 'pg-insert-small')
  expect(insert.counters?.['flushes']).toBeGreaterThanOrEqual(1)
  expect(probes.map(({ probe }) => probe)).toEqual(
    expect.arrayContaining(PROBES.map(({ name }) => name)),
  )
  for (const probe of probes) {
    expect(probe.error).toBeUndefined()
    expect(probe.median).toBeGreaterThan(0)
  }
}

/** Of our own backend. */
function cellOf(results: readonly BenchResult[], workload: string): BenchResult {
  const found = results.find((cell) => cell.workload === workload && cell.backend === 'opfs-ahp')
  if (found === undefined) throw new TypeError(`no cell for ${workload}`)
  return found
}

test('a run in Firefox prints a table, writes every cell and charts, and is held against bars and runs', async () => {
  const file = join(directory, 'firefox.json')
  const page = join(directory, 'firefox.html')
  const run = bench(
    '--browser',
    'firefox',
    ...SMALL,
    '--workload',
    LIFE,
    '--samples',
    '1',
    '--json',
    file,
    '--html',
    page,
  )
  const { code, stdout, stderr } = await run.ended
  expect(stderr).toContain('opfs-ahp strict')
  expect(code).toBe(0)
  const document = documentAt(file)
  expect(document).toMatchObject({ schema: SCHEMA, complete: true, rounds: 1 })
  expect(document.env.browser.name).toBe('firefox')
  expectLife(stdout, document)

  const again = join(directory, 'again.html')
  const [verdict, report, same] = await Promise.all([
    bench('verdict', file).ended,
    bench('report', file, '--html', again).ended,
    bench('compare', file, file, '--fail-above', '0').ended,
  ])
  expect(verdict.stdout).toMatch(
    /pg-insert-small strict\s+[\d.]+ .*bar +[\d.]+ .* (met|equal|not met)/,
  )
  expect(verdict.stdout).toMatch(/\d+ met, \d+ equal within intervals, \d+ not met/)
  expect(verdict.code).toBe(verdict.stdout.includes(' 0 not met') ? 0 : 1)

  const drawn = readFileSync(page, 'utf8')
  expect(drawn).toContain('Browser storage for WebAssembly programs, in Firefox')
  expect(report.code).toBe(0)
  expect(readFileSync(again, 'utf8')).toBe(drawn)

  expect(same.stdout).toMatch(/all +1\.00× +too few rounds/)
  expect(same.stderr).toContain(
    '--fail-above: there is nothing to hold it against. Fewer than 5 rounds',
  )
  expect(same.code).toBe(1)
})

test('of several browsers each has its run and its file, also behind one that is missing', async () => {
  const missing = { CHROMIUM_PATH: join(directory, 'no-such-browser') }
  const least = ['--backend', 'memory', '--workload', 'pg-create', '--samples', '1']
  const files = [
    '--json',
    join(directory, 'several.json'),
    '--html',
    join(directory, 'several.html'),
  ]
  const run = benchWith(missing, '--browser', 'firefox,chromium', ...least, ...files)
  const { code, stdout, stderr } = await run.ended
  expect(code).toBe(1)
  expect(stderr).toContain('No chromium could be found or installed')
  expect(stdout).toMatch(/=== Chromium ===\s+=== Firefox ===/)
  expect(existsSync(join(directory, 'several-chromium.json'))).toBe(false)
  expect(documentAt(join(directory, 'several-firefox.json')).complete).toBe(true)
  expect(readFileSync(join(directory, 'several-firefox.html'), 'utf8')).toContain('in Firefox')
})

test('a run that became slower fails a comparison with a limit, and the same run does not', async () => {
  const [before, after] = ['before.json', 'after.json'].map((name) => join(directory, name))
  const run = sampleRun()
  const slower = run.results.map((cell) =>
    cell.workload === 'sql-total'
      ? { ...cell, samples: cell.samples.map((sample) => sample * 1.5) }
      : cell,
  )
  writeFileSync(before!, renderJson(run))
  writeFileSync(after!, renderJson({ ...run, results: slower }))
  const [changed, same] = await Promise.all([
    bench('compare', before!, after!, '--fail-above', '20').ended,
    bench('compare', before!, before!, '--fail-above', '0').ended,
  ])
  expect(same.stdout).toMatch(/all +1\.00× .*within noise/)
  expect(same.stdout).toContain('Nothing is slower by more than 0 % beyond noise.')
  expect(same.code).toBe(0)
  const { code, stdout } = changed
  expect(stdout).toMatch(/sql-total +idb strict .* 1\.50× \[.*\] +slower/)
  expect(stdout).toContain('Slower by more than 20 %, and not by noise: sql-total memory none;')
  expect(code).toBe(1)
})

// WebKitGTK only exists for Linux, and is no failure where it is not and nobody may install it.
test.each(webkit === undefined ? [] : [webkit.version])(
  'a run in WebKitGTK %s measures what works there and says what does not',
  async (version) => {
    const file = join(directory, 'webkit.json')
    const workloads = 'pg-create,pg-insert-small,pg-reopen'
    const columns = ['--backend', 'memory,opfs-ahp,idb', '--durability', 'strict']
    const { code, stdout, stderr } = await bench(
      '--browser',
      'webkit',
      ...columns,
      '--workload',
      workloads,
      '--samples',
      '1',
      '--json',
      file,
    ).ended
    expect(stderr).toContain(`WebKitGTK (not Safari) ${version}`)
    expect(code).toBe(0)
    const { complete, env, results } = documentAt(file)
    expect(complete).toBe(true)
    expect(env.browser).toMatchObject({ name: 'webkit', version })
    expect(env.browser.userAgent).toContain('AppleWebKit')
    const absent = results.filter(({ backend }) => backend === 'opfs-ahp')
    expect(absent.map(({ error }) => error?.kind)).toEqual(absent.map(() => 'unavailable'))
    const measured = results.filter((cell) => !absent.includes(cell) && cell.skipped === undefined)
    expect(measured).toHaveLength(5)
    for (const { error, median } of measured) {
      expect(error).toBeUndefined()
      expect(median).toBeGreaterThan(0)
    }
    expect(stdout).toContain('opfs-ahp strict: this browser has no')
  },
)

describe('a run of every kind of column, cut short by Ctrl-C,', () => {
  const ON_FILES = ['file-append', 'file-read-cold-8k']
  let ended: Awaited<Bench['ended']>
  let document: BenchDocument
  let profile = ''

  beforeAll(async () => {
    const file = join(directory, 'interrupted.json')
    const backends = 'memory,opfs-ahp,sqlite-opfs-sahpool,wa-sqlite-idb'
    const workloads = [LIFE, '*many-tables*', ...ON_FILES].join(',')
    const cells = ['--backend', backends, '--durability', 'strict', '--workload', workloads]
    const rest = ['--tables', '20', '--samples', '50', '--json', file]
    const run = bench(...cells, ...rest)
    await run.said('round 2: raw probes')
    const browsers = await browsersOf(run.process.pid)
    profile = /--user-data-dir=(\S+)/.exec(browsers[0]?.command ?? '')?.[1] ?? ''
    if (!existsSync(profile)) throw new Error('no browser with a profile is running')
    // As pnpm does, which passes on what the terminal sent to both.
    run.process.kill('SIGINT')
    run.process.kill('SIGINT')
    ended = await run.ended
    document = documentAt(file)
  }, RUN_TIMEOUT_MS)

  test('leaves a whole document and a table', () => {
    expect(ended.code).toBe(130)
    expect(document).toMatchObject({ schema: SCHEMA, complete: false, rounds: 1 })
    expect(document.env.browser.name).toBe('chromium')
    expectLife(ended.stdout, document)
  })

  test('leaves no browser and no profile', async () => {
    expect((await processes()).filter(({ command }) => command.includes(profile))).toEqual([])
    expect(existsSync(profile)).toBe(false)
  })

  test('has SQLite on the same SQL, and files without Postgres, each where it can be', () => {
    const sqlite = document.results.filter(({ backend }) => backend.includes('sqlite'))
    const inSql = sqlite.filter(({ workload }) => LIFE.split(',').includes(workload))
    expect(inSql).toHaveLength(2 * 4)
    for (const { error, samples } of inSql) {
      expect(error).toBeUndefined()
      expect(Math.min(...samples)).toBeGreaterThan(0)
    }
    const others = sqlite.filter((cell) => !inSql.includes(cell))
    expect(others.map(({ skipped }) => skipped)).toEqual(
      others.map(() => 'the backend cannot run it'),
    )
    for (const workload of ON_FILES) {
      expect(cellOf(document.results, workload)).toMatchObject({ median: expect.any(Number) })
    }
    // What a workload names is probed beside it.
    const cold = document.probes.find(({ probe }) => probe === 'opfs-read-8k-cold')
    expect(cold?.median).toBeGreaterThan(0)
  })

  test('has large stores opened, and their memory measured in a page of their own', () => {
    const opening = cellOf(document.results, 'pg-many-tables-open')
    expect(opening.error).toBeUndefined()
    expect(opening.median).toBeGreaterThan(0)
    // What a difference of two heaps says of 20 tables may lie below the garbage between them.
    const memory = cellOf(document.results, 'vfs-many-tables-memory')
    expect(memory.error).toBeUndefined()
    expect(memory.median).toSatisfy(Number.isFinite)
  })
})

test('a crash loses the sample under way if it is the page, the rest if it is the browser', async () => {
  const file = join(directory, 'killed.json')
  const backends = ['--backend', 'memory,pglite-memory', '--workload', 'pg-create']
  const run = bench(...backends, '--samples', '50', '--json', file)
  await run.said('round 1: memory')
  await killBrowsers(run, '--type=renderer')
  await run.said('the page crashed; opening it again')
  await run.said('round 2: raw probes')
  await killBrowsers(run, '')

  const { code, stdout, stderr } = await run.ended
  expect(code).toBe(1)
  expect(stderr).toContain('chromium went away: the run ends here')
  expect(stdout).toContain('[1] memory none: the page crashed (pg-create)')
  const document = documentAt(file)
  expect(document).toMatchObject({ complete: false, rounds: 1 })
  const [crashed, other] = document.results
  expect(crashed).toMatchObject({ samples: [], error: { kind: 'failed' } })
  expect(other?.samples).toHaveLength(1)
})

test('what cannot be run is said at once, and nothing is left behind', async () => {
  const file = join(directory, 'nothing.json')
  const other = join(directory, 'other.json')
  writeFileSync(other, '{"schema":"something else"}')
  const missing = { CHROMIUM_PATH: join(directory, 'no-such-browser') }
  const nowhere = join(directory, 'nowhere', 'out.json')
  const [noBrowser, noRun, noName, noDirectory] = await Promise.all(
    [
      benchWith(missing, '--json', file),
      bench('compare', other, other),
      bench('--backend', 'pglite-idbx'),
      bench('--json', nowhere),
    ].map(({ ended }) => ended),
  )
  expect(noBrowser).toMatchObject({ code: 1, stdout: '' })
  expect(noBrowser?.stderr).toContain('No chromium could be found or installed')
  expect(noBrowser?.stderr).toContain('CHROMIUM_PATH')
  expect(existsSync(file)).toBe(false)

  expect(noRun?.code).toBe(1)
  expect(noRun?.stderr).toContain('not the results of a run')

  expect(noName).toMatchObject({ code: 2, stdout: '' })
  expect(noName?.stderr).toContain("'pglite-idbx'")
  expect(noName?.stderr).toContain('pglite-opfs-ahp')

  expect(noDirectory?.code).toBe(2)
  expect(noDirectory?.stderr).toContain('is not a directory')
})

interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

async function processes(): Promise<RunningProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axwwo', 'pid=,ppid=,command='], {
    maxBuffer: 16 * 1024 ** 2,
  })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
  })
}

/** The Chromium processes among those that a process started, and that they started. */
async function browsersOf(root: number | undefined): Promise<RunningProcess[]> {
  const all = await processes()
  const found: RunningProcess[] = []
  let generation = new Set([root])
  while (generation.size > 0) {
    const children = all.filter(({ parent }) => generation.has(parent))
    found.push(...children)
    generation = new Set(children.map(({ pid }) => pid))
  }
  return found.filter(({ command }) => command.includes('--user-data-dir='))
}

/** Ends at once the Chromium processes of a run whose command line has a text in it. */
async function killBrowsers(run: Bench, text: string): Promise<void> {
  const found = (await browsersOf(run.process.pid)).filter(({ command }) => command.includes(text))
  if (found.length === 0) throw new Error(`no process has '${text}'`)
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      // It went with its parent.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
