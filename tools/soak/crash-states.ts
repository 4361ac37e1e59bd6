// `pnpm soak --crash-states`: crash enumeration on all cores, seed after seed, until so many states are in
// the results.

import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { explorationOf, type CrashReport, type CrashTask } from './crash-child.ts'
import type { Results } from './results.ts'
import { digestOfSources } from './sources.ts'
import { unlessStopped } from './stop.ts'

export interface CrashOptions {
  readonly backends: readonly string[]
  /** Of each backend, earlier runs included. */
  readonly states: number
  readonly jobs: number
  readonly stop: AbortSignal
}

/** What is tried with one seed before the results are saved. */
const STATES_PER_SEED = 24_000
const PROGRESS_MS = 10_000
/** Whole disks come and go: with room for many of them, a tenth less time goes into collecting them. */
const CHILD_FLAGS = ['--max-semi-space-size=64']

export async function runCrashStates(options: CrashOptions, results: Results): Promise<void> {
  for (const backend of options.backends) await exploreBackend(backend, options, results)
}

async function exploreBackend(
  backend: string,
  { states, jobs, stop }: CrashOptions,
  results: Results,
): Promise<void> {
  const tally = results.crashes(backend)
  const earlier = tally.states
  const digest = digestOfSources(backend)
  const { families } = await explorationOf(backend)
  const distinct = new Set<string>()
  const started = Date.now()
  const told = setInterval(
    () => tell(backend, distinct.size, states - earlier, started),
    PROGRESS_MS,
  )
  const workers = Array.from({ length: jobs }, () => new CrashWorker())
  try {
    while (earlier + distinct.size < states) {
      const wanted = Math.min(STATES_PER_SEED, states - earlier - distinct.size)
      const queue = Array.from({ length: families }, (_, family): CrashTask => {
        return { backend, family, states: wanted, seed: tally.nextSeed }
      })
      let openings = 0
      const kinds: Record<string, number> = {}
      const work = async (worker: CrashWorker): Promise<void> => {
        for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
          const report = await worker.explore(task)
          if ('failure' in report) {
            tally.failures.push(report.failure)
            console.log(`✗ ${report.failure}`)
          } else {
            for (const state of report.states) distinct.add(state)
            openings += report.openings
            for (const [kind, count] of Object.entries(report.kinds)) {
              kinds[kind] = (kinds[kind] ?? 0) + count
            }
          }
        }
      }
      await unlessStopped(Promise.all(workers.map(work)), stop)
      const found = earlier + distinct.size - tally.states
      tally.sources[digest] = (tally.sources[digest] ?? 0) + found
      tally.nextSeed++
      tally.openings += openings
      for (const [kind, count] of Object.entries(kinds)) {
        tally.kinds[kind] = (tally.kinds[kind] ?? 0) + count
      }
      tally.states += found
      results.save()
    }
  } finally {
    clearInterval(told)
    for (const worker of workers) worker.end()
  }
  tell(backend, distinct.size, states - earlier, started)
}

function tell(backend: string, done: number, wanted: number, started: number): void {
  const seconds = (Date.now() - started) / 1000
  const rate = done / seconds
  const left = rate === 0 ? '?' : (Math.max(0, wanted - done) / rate / 60).toFixed(1)
  console.log(`${backend}: ${done} crash states, ${rate.toFixed(0)} a second, ${left} minutes left`)
}

/** A child process; one task at a time. */
class CrashWorker {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, 'crash-child.ts'), {
    execArgv: [...process.execArgv, ...CHILD_FLAGS],
  })

  explore(task: CrashTask): Promise<CrashReport> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#child.off('message', onMessage).off('exit', onExit)
        act()
      }
      const onMessage = (report: CrashReport): void => settle(() => resolve(report))
      const onExit = (code: number | null): void =>
        settle(() => reject(new Error(`a process that explores ended with ${code}`)))
      this.#child.on('message', onMessage).on('exit', onExit)
      this.#child.send(task)
    })
  }

  end(): void {
    this.#child.kill()
  }
}
