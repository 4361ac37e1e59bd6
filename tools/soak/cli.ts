// `pnpm soak`: the long proofs. Each kind adds to one file of results and can be broken off and gone on
// with; a summary of all that is in the file comes last.

import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BROWSER_NAMES, type BrowserName } from '../browsers.ts'
import { ROOT } from '../workspace.ts'
import { explorationFile } from './crash-child.ts'
import { runCrashStates } from './crash-states.ts'
import { runKills } from './kills/run.ts'
import {
  DURABILITIES,
  ENDS,
  KILL_PROGRAMS,
  type Durability,
  type End,
  type KillProgram,
} from './kills/rounds.ts'
import { runMutations, SUITES } from './mutations/run.ts'
import { Results } from './results.ts'
import { Stopped, stopSignal } from './stop.ts'

const USAGE = `Usage: pnpm soak [--crash-states N] [--kills N] [--mutations] [options]

  --crash-states N      crash states to have tried of each backend in the simulation
  --kills N             whole browsers to have killed, per browser, backend, durability and program
  --mutations           breaks each rule on purpose and expects the tests to notice

  --only TEXT           of the mutations those with this text, e.g. 'rule 3'
  --backend LIST        default: all; of the mutations those that its tests have to notice, 'core' for core's own
  --browser LIST        default: ${BROWSER_NAMES.join(',')}
  --durability LIST     default: ${DURABILITIES.join(',')}
  --program LIST        of the kills (default: pglite): ${KILL_PROGRAMS.join(', ')};
                        rename: writes a temporary file, fsyncs it, renames it over the old one;
                        sqlite: transactions of SQLite, journal_mode DELETE, synchronous FULL;
                        files: writes 50 files without an fsync and is idle for 200 ms
  --end LIST            so many kills of each: ${ENDS.join(', ')} (default: browsers, and some of the others)
  --seed N              of the kills (default: the time)
  --minutes N           begin no round of kills later than that, for each browser (default: no limit)
  --check-one-in N      Postgres' own checks after one kill in N (default: 1); rows are always compared
  --jobs N              processes that explore, copies that are broken (default: as many as cores)
  --results FILE        default: soak-results/results.json; what is there is gone on with
  --fresh               what is there is forgotten
`

class UsageError extends Error {}

interface Choice {
  readonly option: string
  readonly given: string | undefined
  readonly known: readonly string[]
}

function chosen({ option, given, known }: Choice): readonly string[] {
  if (given === undefined) return known
  const names = given.split(',')
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  throw new UsageError(`--${option}: there is no '${unknown}', only ${known.join(', ')}`)
}

function count(option: string, given: string | undefined): number {
  if (given === undefined) return 0
  if (/^\d+$/.test(given)) return Number(given)
  throw new UsageError(`--${option} takes a number, not '${given}'`)
}

/** Those that say how they are opened over a simulated OPFS, and those that have a worker to kill. */
function backends(): { crash: string[]; kill: string[] } {
  const packages = readdirSync(join(ROOT, 'packages')).flatMap((folder) =>
    folder.startsWith('vfs-') ? folder.slice(4) : [],
  )
  const here = import.meta.dirname
  return {
    crash: packages.filter((name) => existsSync(join(here, explorationFile(name)))),
    kill: packages.filter((name) => existsSync(join(here, 'kills', `${name}.worker.ts`))),
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'crash-states': { type: 'string' },
      kills: { type: 'string' },
      mutations: { type: 'boolean' },
      only: { type: 'string' },
      backend: { type: 'string' },
      browser: { type: 'string' },
      durability: { type: 'string' },
      program: { type: 'string' },
      end: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      'check-one-in': { type: 'string' },
      jobs: { type: 'string' },
      results: { type: 'string' },
      fresh: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  const known = backends()
  const all = [...new Set([...known.crash, ...known.kill, ...SUITES])]
  const names = chosen({ option: 'backend', given: values.backend, known: all })
  const file = resolve(values.results ?? join(ROOT, 'soak-results/results.json'))
  const results = new Results(file, { fresh: values.fresh ?? false })
  const jobs = count('jobs', values.jobs) || availableParallelism()
  if (values.mutations === true) {
    const suites = names.filter((name) => SUITES.includes(name))
    const missed = await runMutations({ jobs, only: values.only ?? '', suites })
    if (missed > 0) process.exitCode = 1
  }
  const states = count('crash-states', values['crash-states'])
  const kills = count('kills', values.kills)
  const stop = stopSignal()
  try {
    if (states > 0) {
      const backends = names.filter((name) => known.crash.includes(name))
      await runCrashStates({ backends, states, jobs, stop }, results)
    }
    if (kills > 0) {
      await runKills(
        {
          kills,
          browsers: chosen({
            option: 'browser',
            given: values.browser,
            known: BROWSER_NAMES,
          }) as BrowserName[],
          backends: names.filter((name) => known.kill.includes(name)),
          durabilities: chosen({
            option: 'durability',
            given: values.durability,
            known: DURABILITIES,
          }) as Durability[],
          programs: chosen({
            option: 'program',
            given: values.program ?? 'pglite',
            known: KILL_PROGRAMS,
          }) as KillProgram[],
          ends:
            values.end === undefined
              ? []
              : (chosen({ option: 'end', given: values.end, known: ENDS }) as End[]),
          seed: count('seed', values.seed) || Date.now(),
          checkOneIn: count('check-one-in', values['check-one-in']) || 1,
          timeMs: (count('minutes', values.minutes) || Infinity) * 60_000,
          stop,
        },
        results,
      )
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    console.log(`\nstopped by ${error.message}`)
    process.exitCode = 1
  }
  const asked = values.mutations === true || states > 0 || kills > 0
  console.log(`\n${results.summary() || (asked ? '' : USAGE)}`)
  if (results.failures > 0) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error)
  if (!isUsage) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
