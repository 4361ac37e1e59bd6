// `pnpm soak --kills`: rounds in each browser until so many of its kills are in the results.

import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'
import { ensureBrowser, type BrowserName } from '../../browsers.ts'
import type { Results } from '../results.ts'
import { digestOfSources } from '../sources.ts'
import { unlessStopped } from '../stop.ts'
import {
  KillRounds,
  type Durability,
  type End,
  type KillOutcome,
  type KillTarget,
} from './rounds.ts'

export interface KillOptions {
  /** Whole browsers killed, for each browser, backend and durability, earlier runs included. */
  readonly kills: number
  readonly browsers: readonly BrowserName[]
  readonly backends: readonly string[]
  readonly durabilities: readonly Durability[]
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
  { kills, backends, durabilities, seed, checkOneIn, timeMs, stop }: KillOptions,
  results: Results,
): Promise<void> {
  const browser = await ensureBrowser(name, { log: console.log })
  const label = `${name} ${browser.version}`
  const targets = backends.flatMap((backend) =>
    durabilities.map((durability): KillTarget => ({ backend, durability })),
  )
  const killsLeft = (): number =>
    Math.max(
      ...targets.map(
        ({ backend, durability }) => kills - results.kills(label, backend, durability).ends.browser,
      ),
    )
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
        console.log(`✗ ${label} ${outcome.backend} ${outcome.durability}: ${problem}`)
      }
    }
    results.save()
  }
  try {
    await unlessStopped(rounds.open(), stop)
    // A kill is in the results when the next round has looked at what it left.
    for (let unseen = 0; killsLeft() - unseen > 1 && Date.now() - started < timeMs;) {
      const end = nextEnd(random)
      take(await unlessStopped(rounds.round(end), stop))
      unseen = end === 'browser' ? 1 : 0
      const done = wanted - killsLeft()
      const minutes = ((Date.now() - started) / 60_000 / done) * killsLeft()
      const left = done === 0 ? 'some' : minutes.toFixed(1)
      console.log(`${label}: ${done} of ${wanted}, ${left} minutes left; last: ${end}`)
    }
    take(await unlessStopped(rounds.round('browser'), stop))
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
