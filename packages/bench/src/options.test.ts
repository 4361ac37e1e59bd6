import { describe, expect, test } from 'vitest'
import { BACKENDS } from './backends/index.ts'
import { parseCommand, type RunOptions } from './options.ts'
import { UsageError } from './selection.ts'
import { WORKLOADS } from './workloads/index.ts'

function options(...argv: string[]): RunOptions {
  const command = parseCommand(argv)
  if (command.action !== 'run') throw new TypeError(`parsed as ${command.action}`)
  return command.options
}

function complaint(...argv: string[]): string {
  try {
    parseCommand(argv)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  throw new TypeError('nothing to complain about')
}

describe('without options', () => {
  test('every quick backend runs the default workloads at every level in Chromium', () => {
    const { browsers, columns, workloads, samples, json } = options()
    expect(browsers).toEqual(['chromium'])
    expect(columns).toEqual(
      BACKENDS.filter(({ quick }) => quick).flatMap(({ name, durabilities }) =>
        durabilities.map((durability) => ({ backend: name, durability })),
      ),
    )
    expect(workloads).toEqual(WORKLOADS.filter(({ set }) => set !== 'full').map(({ name }) => name))
    expect(samples).toBeUndefined()
    expect(json).toBeUndefined()
  })
})

describe('selections', () => {
  test('match any characters with a star, and nothing else with other signs', () => {
    expect(options('--workload', '*-10k').workloads).toHaveLength(4)
    expect(options('--workload', 'pg-*t-1k').workloads).toEqual(['pg-insert-1k', 'pg-select-1k'])
    for (const pattern of ['pg.create', 'pg-(create)', '[a-z-]+', 'pg-creat?', '\\w']) {
      expect(complaint('--workload', pattern)).toContain('cannot be')
    }
  })

  test('take lists and repetitions, and keep the order of the catalogue', () => {
    const { workloads } = options('--workload', 'pg-close, pg-insert-*', '--workload=pg-create')
    expect(workloads).toEqual([
      'pg-create',
      'pg-insert-small',
      'pg-insert-1k',
      'pg-insert-10k',
      'pg-close',
    ])
  })

  test('name a backend once however often it matches', () => {
    const { columns } = options('--backend', 'pglite-idb,pglite-i*', '--durability', 'strict')
    expect(columns).toEqual([{ backend: 'pglite-idb', durability: 'strict' }])
  })

  test('of a durability keep the backends that have none', () => {
    const { columns } = options('--backend', 'pglite-*', '--durability', 'relaxed')
    expect(columns).toContainEqual({ backend: 'pglite-memory', durability: 'none' })
    expect(columns).toContainEqual({ backend: 'pglite-opfs-ahp', durability: 'relaxed' })
    expect(columns.some(({ durability }) => durability === 'strict')).toBe(false)
  })

  test('take a browser, a number of rounds and a file', () => {
    const given = options('--browser', 'firefox', '--samples', '3', '--json', 'out.json')
    expect(given).toMatchObject({ browsers: ['firefox'], samples: 3, json: 'out.json' })
  })

  test('with --quick are the least, in five rounds', () => {
    const { columns, workloads, samples } = options('--quick')
    expect(columns).toEqual(options().columns)
    expect(workloads).toEqual(
      WORKLOADS.filter(({ set }) => set === 'quick').map(({ name }) => name),
    )
    expect(samples).toBe(5)
    expect(options('--quick', '--samples', '2').samples).toBe(2)
    expect(options('--quick', '--minutes', '2')).toMatchObject({ samples: undefined, minutes: 2 })
    expect(complaint('--quick', '--full')).toContain('give one of them')
  })

  test('take several browsers', () => {
    const { browsers } = options('--browser', 'webkit,chromium', '--browser', 'firefox')
    expect(browsers).toEqual(['chromium', 'firefox', 'webkit'])
  })

  test('of all come with --full, of one that is not quick with its name', () => {
    const backends = new Set(options('--full').columns.map(({ backend }) => backend))
    expect([...backends]).toEqual(BACKENDS.map(({ name }) => name))
    expect(options('--backend', 'wa-*').columns).toHaveLength(4)
    expect(options('--full').workloads).toEqual(WORKLOADS.map(({ name }) => name))
    expect(options('--workload', 'sql-ctas').workloads).toEqual(['sql-ctas'])
    expect(options().workloads).not.toContain('sql-ctas')
  })

  test('take the sizes of large stores', () => {
    expect(options().settings).toEqual({ sizeMiB: 1_024, tables: 10_000 })
    const given = options('--size', '32', '--tables', '300')
    expect(given.settings).toEqual({ sizeMiB: 32, tables: 300 })
  })

  test('may follow the dashes that pnpm hands on', () => {
    expect(options('--', '--samples', '2').samples).toBe(2)
    expect(options('--minutes', '8')).toMatchObject({ samples: undefined, minutes: 8 })
    expect(complaint('--minutes', '8', '--samples', '2')).toContain('give one of them')
  })
})

describe('other commands', () => {
  test('are --help, -h, --list and verdict', () => {
    expect(parseCommand(['--help'])).toEqual({ action: 'help' })
    expect(parseCommand(['-h'])).toEqual({ action: 'help' })
    expect(parseCommand(['--list'])).toEqual({ action: 'list' })
    expect(parseCommand(['verdict', 'out.json'])).toEqual({ action: 'verdict', file: 'out.json' })
    expect(parseCommand(['verdict', '-h'])).toEqual({ action: 'help' })
  })

  test('are compare, with a limit or without, and report', () => {
    const files = { action: 'compare', before: 'a.json', after: 'b.json' }
    expect(parseCommand(['compare', 'a.json', 'b.json'])).toEqual({
      ...files,
      failAbove: undefined,
    })
    expect(parseCommand(['compare', 'a.json', '--fail-above', '7.5', 'b.json'])).toEqual({
      ...files,
      failAbove: 7.5,
    })
    expect(parseCommand(['report', 'a.json', '--html', 'a.html'])).toEqual({
      action: 'report',
      file: 'a.json',
      html: 'a.html',
    })
  })
})

describe('mistakes are answered with what is valid', () => {
  test('for names', () => {
    expect(complaint('--backend', 'opfs-apf')).toContain("'opfs-apf'")
    expect(complaint('--backend', 'opfs-apf')).toContain('pglite-opfs-ahp')
    expect(complaint('--workload', 'pg-create,nothing*')).toContain("'nothing*'")
    expect(complaint('--browser', 'netscape')).toContain('chromium, firefox, webkit')
    expect(complaint('--durability', 'none')).toContain('strict, relaxed')
    expect(complaint('--backend', '')).toContain("''")
  })

  test('for numbers', () => {
    for (const text of ['0', '-1', '2.5', 'many', '', '1e9']) {
      expect(complaint(`--samples=${text}`)).toContain('whole number')
    }
  })

  test('for options and stray words', () => {
    expect(complaint('--backends', 'memory')).toContain('--backend,')
    expect(complaint('--samples')).toContain('--samples')
    expect(complaint('everything')).toContain('everything')
    expect(complaint('verdict')).toContain('one file')
    expect(complaint('verdict', 'a.json', 'b.json')).toContain('one file')
    expect(complaint('compare', 'a.json')).toContain('two files')
    expect(complaint('compare', 'a.json', 'b.json', '--fail-above', '5%')).toContain("not '5%'")
    expect(complaint('compare', 'a.json', 'b.json', '--samples', '5')).toContain('--fail-above')
    expect(complaint('report', 'a.json')).toContain('--html')
    expect(complaint('--tables', '1000000')).toContain('1 to 100000')
  })
})

describe('the page and what is published', () => {
  test('has a port of its own, or a directory', () => {
    expect(parseCommand(['open'])).toEqual({ action: 'open', port: 4_747, out: undefined })
    expect(parseCommand(['open', '--port', '80'])).toMatchObject({ port: 80 })
    expect(parseCommand(['open', '--out', 'site'])).toMatchObject({ out: 'site' })
    expect(complaint('open', '--port', '65536')).toContain('from 1 to 65535')
    expect(complaint('open', 'site')).toContain('takes no file')
  })

  test('are the files of runs', () => {
    expect(parseCommand(['publish', 'a.json', 'b.json'])).toEqual({
      action: 'publish',
      files: ['a.json', 'b.json'],
    })
    expect(complaint('publish')).toContain('one for each browser')
  })
})
