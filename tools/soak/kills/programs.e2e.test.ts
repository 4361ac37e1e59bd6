// Programs that are no database of ours, killed at known places: what has returned is there.

import { expect, it } from 'vitest'
import { ensureBrowser } from '../../browsers.ts'
import { KillRounds, type KillOutcome, type KillTarget } from './rounds.ts'
import { PROGRAMS } from './programs.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)

const CASES = (['chromium', 'firefox'] as const).flatMap((browser) =>
  PROGRAMS.map((program) => ({ browser, program })),
)

it.each(CASES)(
  `$browser, $program: a killed browser and a terminated worker undo nothing (seed ${SEED})`,
  async ({ browser, program }) => {
    const targets = (['opfs-ahp', 'opfs-worker'] as const).map((backend): KillTarget => ({
      backend,
      durability: 'strict',
      program,
    }))
    const rounds = new KillRounds({
      browser: await ensureBrowser(browser, {}),
      targets,
      seed: SEED,
    })
    try {
      await rounds.open()
      const outcomes: KillOutcome[] = []
      for (const end of ['worker', 'browser'] as const) outcomes.push(...(await rounds.round(end)))
      outcomes.push(...(await rounds.inspect()))
      expect(outcomes).toHaveLength(2 * targets.length)
      expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([])
      for (const { commits } of outcomes) expect(commits).toBeGreaterThan(0)
    } finally {
      await rounds.close()
    }
  },
)
