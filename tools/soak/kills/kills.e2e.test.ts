// A few rounds of kills in each browser, and that they notice a store that keeps nothing. `pnpm soak
// --kills 200` runs as many as asked for.

import { afterEach, describe, expect, it } from 'vitest'
import { BROWSER_NAMES, ensureBrowser } from '../../browsers.ts'
import { ENDS, KillRounds, type KillOutcome, type KillTarget } from './rounds.ts'

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)

const TARGETS: readonly KillTarget[] = [
  { backend: 'opfs-ahp', durability: 'strict' },
  { backend: 'opfs-ahp', durability: 'relaxed' },
  { backend: 'opfs-worker', durability: 'strict' },
  { backend: 'idb', durability: 'strict' },
]

describe.each(BROWSER_NAMES)('in %s', (name) => {
  let rounds: KillRounds | undefined
  afterEach(async () => {
    await rounds?.close()
    rounds = undefined
  })

  it(`nothing acknowledged is lost by ${ENDS.join(', ')} (seed ${SEED})`, async () => {
    rounds = new KillRounds({
      browser: await ensureBrowser(name, {}),
      targets: TARGETS,
      seed: SEED,
      // Once in the rounds, one store at a time, and all of them at the end.
      checkOneIn: TARGETS.length,
    })
    await rounds.open()
    const outcomes: KillOutcome[] = []
    for (const end of ENDS) outcomes.push(...(await rounds.round(end)))
    outcomes.push(...(await rounds.inspect()))
    expect(outcomes).toHaveLength(ENDS.length * TARGETS.length)
    expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([])
    for (const { commits } of outcomes) expect(commits).toBeGreaterThan(0)
  })
})

it('a store that keeps nothing is noticed', async () => {
  const rounds = new KillRounds({
    browser: await ensureBrowser('chromium', {}),
    targets: [{ backend: 'forgetful', durability: 'strict' }],
    seed: 1,
  })
  try {
    await rounds.open()
    await rounds.round('browser')
    const [outcome] = await rounds.inspect()
    expect(outcome?.commits).toBeGreaterThan(0)
    expect(outcome?.problems.join('\n')).toMatch(/is missing|does not open/)
  } finally {
    await rounds.close()
  }
})
