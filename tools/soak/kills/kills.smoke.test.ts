// One kill of each backend: Chromium ends in the middle of commits, and what was acknowledged is there. The
// other ways to end, the other browsers and the relaxed level are in kills.e2e.test.ts.

import { expect, it } from 'vitest'
import { ensureBrowser } from '../../browsers.ts'
import { KillRounds, type KillTarget } from './rounds.ts'

const SEED = 1
const TARGETS: readonly KillTarget[] = [
  { backend: 'opfs-ahp', durability: 'strict' },
  { backend: 'opfs-worker', durability: 'strict' },
  { backend: 'idb', durability: 'strict' },
]

it('nothing acknowledged is lost when the browser is killed', async () => {
  const rounds = new KillRounds({
    browser: await ensureBrowser('chromium', {}),
    targets: TARGETS,
    seed: SEED,
  })
  try {
    await rounds.open()
    await rounds.round('browser')
    const outcomes = await rounds.inspect()
    expect(outcomes.map(({ backend }) => backend)).toEqual(TARGETS.map(({ backend }) => backend))
    expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([])
    for (const { commits } of outcomes) expect(commits).toBeGreaterThan(0)
  } finally {
    await rounds.close()
  }
})
