// `pnpm soak --kills`: rounds in each browser until so many of its kills are in the results, and, where ends
// are given, so many of each of them.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'
import { ensureBrowser, type BrowserName } from '../../browsers.ts'
import type { Results } from '../results.ts'
import { digestOfSources } from '../sources.ts'
import { unlessStopped } from '../stop.ts'
import {
  KillRounds,
  nameOf,
  workerOf,
  type Durability,
  type End,
  type KillOutcome,
  type KillProgram,
  type KillTarget,
} from './rounds.ts'

export interface KillOptions {
  /** Whole browsers killed, for each browser, backend, durability and program, earlier runs included. */
  readonly kills: number
  readonly browsers: readonly BrowserName[]
  readonly backends: readonly string[]
  readonly durabilities: readonly Durability[]
  readonly programs: readonly KillProgram[]
  /** So many of each of these; none: so many browsers killed, and some of the others on the way. */
  readonly ends: readonly End[]
  readonly seed: number
  /** amcheck after one end in so many; the rows are compared after each. */
  readonly checkOneIn: number
  /** For each browser: no round begins later, in milliseconds. */
  readonly timeMs: number
  readonly stop: AbortSignal
}

export async function runKills(options: KillOptions, results: Results): Promise<void> {
  for (const browser of options.browsers) await runBrowser(browser, options, results)
}

async function runBrowser(
  name: BrowserName,
  { kills, backends, durabilities, programs, ends, seed, checkOneIn, timeMs, stop }: KillOptions,
  results: Results,
): Promise<void> {
  const browser = await ensureBrowser(name, { log: console.log })
  const label = `${name} ${browser.version}`
  const targets = backends.flatMap((backend) =>
    durabilities.flatMap((durability) =>
      programs
        .filter((program) =>
          existsSync(join(import.meta.dirname, `${workerOf({ backend, program })}.worker.ts`)),
        )
        .map((program): KillTarget => ({ backend, durability, program })),
    ),
  )
  if (targets.length === 0) return
  const wantedEnds: readonly End[] = ends.length === 0 ? ['browser'] : ends
  const leftOf = (end: End): number =>
    Math.max(...targets.map((target) => kills - results.kills(label, target).ends[end]))
  const killsLeft = (): number => wantedEnds.reduce((sum, end) => sum + Math.max(0, leftOf(end)), 0)
  if (killsLeft() <= 0) return
  const random = new SeededRandom(seed)
  const rounds = new KillRounds({ browser, targets, seed: random.next(), checkOneIn })
  const digests = new Map(backends.map((backend) => [backend, digestOfSources(backend)]))
  const started = Date.now()
  const wanted = killsLeft()
  const take = (outcomes: readonly KillOutcome[]): void => {
    for (const outcome of outcomes) {
      results.addKill(label, digests.get(outcome.backend)!, outcome)
      for (const problem of outcome.problems) {
        console.log(
          `✗ ${label} ${nameOf(outcome)}, ${outcome.end} ended ${outcome.phase} ${outcome.call}: ${problem}`,
        )
      }
    }
    results.save()
  }
  try {
    await unlessStopped(rounds.open(), stop)
    // An end is in the results when the next round has looked at what it left.
    let last: End | undefined
    while (Date.now() - started < timeMs) {
      const next = wantedEnds.find((end) => leftOf(end) - (last === end ? 1 : 0) > 0)
      if (next === undefined) break
      const end = ends.length === 0 ? nextEnd(random) : next
      take(await unlessStopped(rounds.round(end), stop))
      last = end
      const done = wanted - killsLeft()
      const minutes = ((Date.now() - started) / 60_000 / done) * killsLeft()
      const left = done === 0 ? 'some' : minutes.toFixed(1)
      console.log(`${label}: ${done} of ${wanted}, ${left} minutes left; last: ${end}`)
    }
    take(await unlessStopped(rounds.inspect(), stop))
  } finally {
    await rounds.close()
  }
}

/** Browsers for the most part; tabs and workers now and then. */
function nextEnd(random: SeededRandom): End {
  if (random.chance(0.1)) return 'worker'
  return random.chance(0.1) ? 'tab' : 'browser'
}
