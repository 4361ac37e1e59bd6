// Which test file runs where, and in which tier of the test run: the name says it. `pnpm test` runs the quick
// tier, `pnpm test --all` everything. Called by vitest.config.ts, tools/test.ts and the tests that take samples.

export type Tier = 'quick' | 'all'

export interface TestProject {
  readonly name: string
  /** In this tier, and in those above it. */
  readonly tier: Tier
  readonly files: RegExp
}

const BROWSER_TEST = /\.browser\.test\.ts$/
const SMOKE_TEST = /\.smoke\.test\.ts$/
const E2E_TEST = /\.e2e\.test\.ts$/

/** The projects of vitest.config.ts. */
export const TEST_PROJECTS: readonly TestProject[] = [
  { name: 'node', tier: 'quick', files: /(?<!\.browser|\.smoke|\.e2e)\.test\.ts$/ },
  { name: 'chromium', tier: 'quick', files: BROWSER_TEST },
  { name: 'firefox', tier: 'quick', files: BROWSER_TEST },
  // Whole browsers, driven by tests in Node: one kill of each backend, one run of the benchmark.
  { name: 'smoke', tier: 'quick', files: SMOKE_TEST },
  { name: 'e2e', tier: 'all', files: E2E_TEST },
  // Where OPFS has no sync access handles, only this backend runs.
  { name: 'webkit', tier: 'all', files: /^packages\/vfs-idb\/.*\.browser\.test\.ts$/ },
]

/** The projects that run a test file, given by its path from the root of the project. */
export function projectsOf(file: string): readonly TestProject[] {
  return TEST_PROJECTS.filter(({ files }) => files.test(file))
}

export function projectsIn(tier: Tier): readonly string[] {
  const projects = TEST_PROJECTS.filter((project) => tier === 'all' || project.tier === 'quick')
  return projects.map(({ name }) => name)
}

/** As set by tools/test.ts; a test file that is run by itself takes the small samples. */
export const TIER_VARIABLE = 'TEST_TIER'

/** Whether a sample is the small one: nobody has asked for a size, and the run is of the quick tier. */
export function isSmallSample(variable: string): boolean {
  return process.env[variable] === undefined && process.env[TIER_VARIABLE] !== 'all'
}

/** How much of a sample a test takes: as much as the environment variable says, else by the tier. */
export function sampleSize(variable: string, sizes: Readonly<Record<Tier, number>>): number {
  return Number(process.env[variable] ?? (isSmallSample(variable) ? sizes.quick : sizes.all))
}
