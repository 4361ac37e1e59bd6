// The command line: what it may say, and what it means. Called by cli.ts; throws UsageError with a
// message for the user.

import { parseArgs } from 'node:util'
import { BACKENDS } from './backends/index.ts'
import type { Column, Settings } from './protocol.ts'
import { WORKLOADS } from './workloads/index.ts'

export const BROWSERS = ['chromium', 'firefox'] as const
export type Browser = (typeof BROWSERS)[number]

const DURABILITIES = ['strict', 'relaxed'] as const
const SAMPLES_MAX = 1_000
const SIZE_MIB = { default: 1_024, max: 65_536 } as const
const TABLES = { default: 10_000, max: 100_000 } as const

export interface RunOptions {
  readonly browser: Browser
  /** In the order of the table. */
  readonly columns: readonly Column[]
  /** Names, in the order in which a life runs them. */
  readonly workloads: readonly string[]
  /** Rounds; undefined for as many as fit the default time. */
  readonly samples: number | undefined
  readonly settings: Settings
  /** Where the JSON goes; undefined for a name of the CLI's own. */
  readonly json: string | undefined
}

export type Command =
  | { readonly action: 'run'; readonly options: RunOptions }
  | { readonly action: 'verdict'; readonly file: string }
  | { readonly action: 'list' }
  | { readonly action: 'help' }

export class UsageError extends Error {
  override readonly name: 'UsageError' = 'UsageError'
}

export const USAGE = `Usage: pnpm bench [options]
       pnpm bench verdict FILE

Runs PGlite on several file systems in a real browser and compares them. 'verdict' holds the results
in FILE against the bars that @wasm-vfs/opfs-ahp is to meet, drawn from the same run.

  --browser NAME         ${BROWSERS.join(' or ')} (default chromium)
  --backend NAMES        only these backends; names separated by commas, * stands for any
                         characters
  --workload NAMES       only these workloads, in the same way, those of --full among them
  --full                 all workloads: also those that --list marks
  --durability LEVELS    only these levels: ${DURABILITIES.join(', ')} (backends in memory have none
                         and always take part)
  --samples N            rounds: fresh stores per column (default: as many as fit four minutes,
                         at least one, at most five)
  --size MIB             of the database of pg-large-open (default ${SIZE_MIB.default})
  --tables N             in the database of pg-many-tables-open (default ${TABLES.default})
  --json FILE            where to write the results (default: a file in bench-results/)
  --list                 list the backends, workloads and probes
  --help                 show this
`

/** `argv` as in process.argv.slice(2). */
export function parseCommand(argv: readonly string[]): Command {
  // `pnpm bench -- --list` hands the dashes on.
  const args = argv[0] === '--' ? argv.slice(1) : [...argv]
  if (args[0] === 'verdict') return parseVerdict(args.slice(1))
  const values = parse(args)
  if (values.help === true) return { action: 'help' }
  if (values.list === true) return { action: 'list' }

  const backends = select('backend', values.backend, names(BACKENDS))
  const levels: readonly string[] = select('durability', values.durability, DURABILITIES)
  const columns = BACKENDS.filter(({ name }) => backends.includes(name)).flatMap((backend) =>
    backend.durabilities
      .filter((durability) => durability === 'none' || levels.includes(durability))
      .map((durability): Column => ({ backend: backend.name, durability })),
  )
  if (columns.length === 0) {
    throw new UsageError(`${backends.join(', ')} cannot be opened at ${levels.join(', ')}.`)
  }
  return {
    action: 'run',
    options: {
      browser: oneOf('browser', values.browser ?? 'chromium', BROWSERS),
      columns,
      workloads: selectWorkloads(values),
      samples:
        values.samples === undefined ? undefined : count('samples', values.samples, SAMPLES_MAX),
      settings: {
        sizeMiB:
          values.size === undefined ? SIZE_MIB.default : count('size', values.size, SIZE_MIB.max),
        tables:
          values.tables === undefined ? TABLES.default : count('tables', values.tables, TABLES.max),
      },
      json: values.json,
    },
  }
}

function parseVerdict(args: readonly string[]): Command {
  const [file, ...others] = args
  if (file === '--help' || file === '-h') return { action: 'help' }
  if (file === undefined || file.startsWith('-') || others.length > 0) {
    throw new UsageError('verdict takes one file: the JSON that a run wrote.')
  }
  return { action: 'verdict', file }
}

function selectWorkloads({ workload, full }: Values): string[] {
  if (workload !== undefined) return select('workload', workload, names(WORKLOADS))
  return names(full === true ? WORKLOADS : WORKLOADS.filter(({ quick }) => quick))
}

interface Values {
  browser?: string | undefined
  backend?: string[] | undefined
  workload?: string[] | undefined
  durability?: string[] | undefined
  samples?: string | undefined
  full?: boolean | undefined
  size?: string | undefined
  tables?: string | undefined
  json?: string | undefined
  list?: boolean | undefined
  help?: boolean | undefined
}

const OPTIONS = {
  browser: { type: 'string' },
  backend: { type: 'string', multiple: true },
  workload: { type: 'string', multiple: true },
  durability: { type: 'string', multiple: true },
  samples: { type: 'string' },
  full: { type: 'boolean' },
  size: { type: 'string' },
  tables: { type: 'string' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

function parse(args: string[]): Values {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const valid = Object.keys(OPTIONS)
      .map((name) => `--${name}`)
      .join(', ')
    throw new UsageError(`${reason}\nThe options are ${valid}.`, { cause: error })
  }
}

/** The valid names that the patterns match, in the order of `valid`; all without patterns. */
function select<Name extends string>(
  option: string,
  given: readonly string[] | undefined,
  valid: readonly Name[],
): Name[] {
  if (given === undefined) return [...valid]
  const patterns = given.flatMap((list) => list.split(',')).map((name) => name.trim())
  for (const pattern of patterns) {
    if (!valid.some((name) => matches(name, pattern))) fail(option, pattern, valid)
  }
  return valid.filter((name) => patterns.some((pattern) => matches(name, pattern)))
}

/** `*` stands for any characters, none included. */
function matches(name: string, pattern: string): boolean {
  const literals = pattern.split('*').map((text) => text.replaceAll(/[^\w-]/g, String.raw`\$&`))
  return new RegExp(`^${literals.join('.*')}$`).test(name)
}

function oneOf<Name extends string>(option: string, given: string, valid: readonly Name[]): Name {
  return valid.find((name) => name === given) ?? fail(option, given, valid)
}

function count(option: string, given: string, max: number): number {
  const value = Number(given)
  if (/^\d+$/.test(given) && value >= 1 && value <= max) return value
  throw new UsageError(`--${option} is a whole number from 1 to ${max}, not '${given}'.`)
}

function fail(option: string, given: string, valid: readonly string[]): never {
  throw new UsageError(`--${option} cannot be '${given}'. Valid: ${valid.join(', ')}.`)
}

function names(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name)
}
