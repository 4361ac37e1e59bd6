// The command line: what it may say, and what it means. Called by cli.ts; throws UsageError with a
// message for the user.

import { parseArgs } from 'node:util'
import type { RunSelection } from './rounds.ts'
import {
  count,
  DURABILITIES,
  MINUTES_MAX,
  SAMPLES_MAX,
  select,
  selectColumns,
  selectWorkloads,
  SIZE_MIB,
  TABLES,
  UsageError,
} from './selection.ts'

export const BROWSERS = ['chromium', 'firefox', 'webkit'] as const
export type Browser = (typeof BROWSERS)[number]

/** Always the same, because what a page stores belongs to its origin, and the port is part of that. */
const PORT = { default: 4_747, max: 65_535 } as const

/** Fewest rounds of which a median has an interval. */
const QUICK_ROUNDS = 5

export interface RunOptions extends RunSelection {
  /** At least one. */
  readonly browsers: readonly Browser[]
  /** Where the JSON goes; undefined for a name of the CLI's own. Of several browsers each has a file. */
  readonly json: string | undefined
  /** Where the page of charts goes, if anywhere; in the same way. */
  readonly html: string | undefined
}

export type Command =
  | { readonly action: 'run'; readonly options: RunOptions }
  | { readonly action: 'verdict'; readonly file: string }
  | {
      readonly action: 'compare'
      readonly before: string
      readonly after: string
      /** In percent; undefined for no limit. */
      readonly failAbove: number | undefined
    }
  | { readonly action: 'report'; readonly file: string; readonly html: string }
  | {
      readonly action: 'open'
      readonly port: number
      /** Where the page is written to instead of being served. */
      readonly out: string | undefined
    }
  | { readonly action: 'publish'; readonly files: readonly string[] }
  | { readonly action: 'list' }
  | { readonly action: 'help' }

export const USAGE = `Usage: pnpm bench [options]
       pnpm bench verdict FILE
       pnpm bench compare BEFORE AFTER [--fail-above PERCENT]
       pnpm bench report FILE --html PAGE
       pnpm bench open [--port N] [--out DIR]
       pnpm bench publish FILE...

Runs PGlite on several file systems in a real browser and compares them. 'verdict' holds the results
in FILE against the bars that our backends are to meet, drawn from the same run. 'compare' says what
became slower or faster between two runs and what is noise; with --fail-above it fails if something is
slower by more than that, and not by noise. 'report' makes a page of charts of results written before.
'open' serves a page that runs the same in your own browser; with --out it is written to a directory
that any web server can serve. 'publish' writes results to packages/bench/results and the tables in
docs/benchmarks.md.

  --browser NAMES        ${BROWSERS.join(', ')} (default chromium), or several, separated by commas,
                         one after the other; webkit is WebKitGTK, which is not Safari and has no
                         access handles
  --backend NAMES        only these backends; names separated by commas, * stands for any
                         characters
  --workload NAMES       only these workloads, in the same way, those of --full among them
  --quick                only what --list has first, in five rounds
  --full                 all backends and all workloads: also those that --list marks
  --durability LEVELS    only these levels: ${DURABILITIES.join(', ')} (backends in memory have none
                         and always take part)
  --samples N            rounds: fresh stores per column (default: as many as fit four minutes,
                         at least one, at most five; with --quick five)
  --minutes N            as many rounds as fit so many minutes, at least one
  --size MIB             of the database of pg-large-open (default ${SIZE_MIB.default})
  --tables N             in the database of pg-many-tables-open (default ${TABLES.default})
  --json FILE            where to write the results (default: a file in bench-results/); of several
                         browsers each has one, out.json becoming out-firefox.json, and so of --html
  --html FILE            where to write a page of charts of them, which needs nothing else
  --list                 list the backends, workloads and probes
  --help                 show this
`

/** `argv` as in process.argv.slice(2). */
export function parseCommand(argv: readonly string[]): Command {
  // `pnpm bench -- --list` hands the dashes on.
  const args = argv[0] === '--' ? argv.slice(1) : [...argv]
  const own = COMMANDS[args[0] ?? '']
  if (own !== undefined) return own(args.slice(1))
  const values = parse(args)
  if (values.help === true) return { action: 'help' }
  if (values.list === true) return { action: 'list' }
  if (values.samples !== undefined && values.minutes !== undefined) {
    throw new UsageError('--samples and --minutes both say how many rounds: give one of them.')
  }
  if (values.quick === true && values.full === true) {
    throw new UsageError('--quick and --full both say which workloads: give one of them.')
  }

  return {
    action: 'run',
    options: {
      browsers: select('browser', values.browser ?? ['chromium'], BROWSERS),
      columns: selectColumns(values),
      workloads: selectWorkloads(values),
      samples: samplesOf(values),
      minutes:
        values.minutes === undefined ? undefined : count('minutes', values.minutes, MINUTES_MAX),
      settings: {
        sizeMiB:
          values.size === undefined ? SIZE_MIB.default : count('size', values.size, SIZE_MIB.max),
        tables:
          values.tables === undefined ? TABLES.default : count('tables', values.tables, TABLES.max),
      },
      json: values.json,
      html: values.html,
    },
  }
}

function samplesOf({ samples, minutes, quick }: Values): number | undefined {
  if (samples !== undefined) return count('samples', samples, SAMPLES_MAX)
  return quick === true && minutes === undefined ? QUICK_ROUNDS : undefined
}

const COMMANDS: Readonly<Record<string, (args: string[]) => Command>> = {
  verdict(args) {
    const { values, files } = parseFiles(args, {})
    const [file] = files
    if (values.help === true) return { action: 'help' }
    if (file === undefined || files.length !== 1) {
      throw new UsageError('verdict takes one file: the JSON that a run wrote.')
    }
    return { action: 'verdict', file }
  },
  compare(args) {
    const { values, files } = parseFiles(args, { 'fail-above': { type: 'string' } })
    const [before, after] = files
    if (values.help === true) return { action: 'help' }
    if (before === undefined || after === undefined || files.length !== 2) {
      throw new UsageError('compare takes two files: the JSON of the earlier run and of the later.')
    }
    const given = values['fail-above']
    return {
      action: 'compare',
      before,
      after,
      failAbove: typeof given === 'string' ? percentage('fail-above', given) : undefined,
    }
  },
  report(args) {
    const { values, files } = parseFiles(args, { html: { type: 'string' } })
    const [file] = files
    const { html } = values
    if (values.help === true) return { action: 'help' }
    if (file === undefined || files.length !== 1 || typeof html !== 'string') {
      throw new UsageError('report takes one file, the JSON that a run wrote, and --html PAGE.')
    }
    return { action: 'report', file, html }
  },
  open(args) {
    const { values, files } = parseFiles(args, {
      port: { type: 'string' },
      out: { type: 'string' },
    })
    const { port, out } = values
    if (values.help === true) return { action: 'help' }
    if (files.length > 0) throw new UsageError('open takes no file.')
    return {
      action: 'open',
      port: typeof port === 'string' ? count('port', port, PORT.max) : PORT.default,
      out: typeof out === 'string' ? out : undefined,
    }
  },
  publish(args) {
    const { values, files } = parseFiles(args, {})
    if (values.help === true) return { action: 'help' }
    if (files.length === 0) {
      throw new UsageError('publish takes files: the JSON that runs wrote, one for each browser.')
    }
    return { action: 'publish', files }
  },
}

type Options = NonNullable<Parameters<typeof parseArgs>[0]>['options'] & {}

/** The arguments of a command that reads files. */
function parseFiles(
  args: string[],
  own: Options,
): { readonly values: Parsed['values']; readonly files: readonly string[] } {
  const options: Options = { ...own, help: { type: 'boolean', short: 'h' } }
  const { values, positionals } = parsed(args, options, true)
  return { values, files: positionals }
}

interface Values {
  browser?: string[] | undefined
  backend?: string[] | undefined
  workload?: string[] | undefined
  durability?: string[] | undefined
  samples?: string | undefined
  minutes?: string | undefined
  quick?: boolean | undefined
  full?: boolean | undefined
  size?: string | undefined
  tables?: string | undefined
  json?: string | undefined
  html?: string | undefined
  list?: boolean | undefined
  help?: boolean | undefined
}

const OPTIONS = {
  browser: { type: 'string', multiple: true },
  backend: { type: 'string', multiple: true },
  workload: { type: 'string', multiple: true },
  durability: { type: 'string', multiple: true },
  samples: { type: 'string' },
  minutes: { type: 'string' },
  quick: { type: 'boolean' },
  full: { type: 'boolean' },
  size: { type: 'string' },
  tables: { type: 'string' },
  json: { type: 'string' },
  html: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

function parse(args: string[]): Values {
  return parsed(args, OPTIONS, false).values
}

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>
  readonly positionals: readonly string[]
}

/** UsageError for what the options do not allow. */
function parsed(args: string[], options: Options, allowPositionals: boolean): Parsed {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const valid = Object.keys(options)
      .map((name) => `--${name}`)
      .join(', ')
    throw new UsageError(`${reason}\nThe options are ${valid}.`, { cause: error })
  }
}

function percentage(option: string, given: string): number {
  const value = Number(given)
  if (/^\d+(\.\d+)?$/.test(given)) return value
  throw new UsageError(`--${option} is a number of percent, not '${given}'.`)
}
