// The test projects; a file's name says which of them run it (tools/tiers.ts). `node`; `chromium` and `firefox`
// (tests in stock browsers); `webkit` (those of @wasm-vfs/idb, in WebKitGTK); `smoke` and `e2e` (tests that drive
// whole browsers from Node). Run one with `vitest run --project firefox path/to/file`.

import { availableParallelism } from 'node:os'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { BROWSER_NAMES, findBrowser, launchOptions, type BrowserName } from './tools/browsers.ts'
import { inlineWorkers, isPublishedSource } from './tools/inline-worker.ts'
import { profileDirectory } from './tools/run-directory.ts'
import { webkit } from './tools/webkit-provider.ts'

const IGNORED = ['**/node_modules/**', '**/dist/**']
const BROWSER_TESTS = '**/*.browser.test.ts'
const SMOKE_TESTS = '**/*.smoke.test.ts'
const E2E_TESTS = '**/*.e2e.test.ts'

const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Workers of our own packages start from blobs, as in what is published. */
const inlinedWorkers = {
  name: 'inlined-workers',
  enforce: 'pre' as const,
  transform: (text: string, id: string): Promise<string> | undefined =>
    isPublishedSource(id) ? inlineWorkers(id, text) : undefined,
}

const BROWSER_PROJECT = {
  plugins: [inlinedWorkers],
  server: { headers: ISOLATION_HEADERS },
  optimizeDeps: {
    // PGlite finds its .wasm and .data relative to its own modules.
    exclude: ['@electric-sql/pglite'],
    // Found in mid-run, a dependency would reload the page and fail the test under way.
    include: ['fast-check'],
  },
}

/** Deadlines are for a quiet machine that makes a database in memory in 1.4 s; tools/test.ts gives the factor. */
const SLOWNESS = Number(process.env['TEST_SLOWNESS'] ?? 1)
const MINUTES = 60_000 * SLOWNESS

// The projects of one group run beside each other, and must agree on the number of workers in Node.
const WORKERS = { maxWorkers: availableParallelism() }
const FIRST = { ...WORKERS, sequence: { groupOrder: 0 } }
const SECOND = { ...WORKERS, sequence: { groupOrder: 1 } }

const BROWSER_TEST = { exclude: IGNORED, testTimeout: 2 * MINUTES, hookTimeout: 2 * MINUTES }

const BROWSER_MODE = {
  enabled: true,
  headless: true,
  screenshotFailures: false,
  ui: false,
  // One file at a time: a persistent context has one profile.
  fileParallelism: false,
}

async function browserProject(name: BrowserName): Promise<TestProjectConfiguration> {
  // Without one, Playwright says so when the project runs; the other projects do not need it.
  const installation = await findBrowser(name)
  const provider = playwright({
    ...(installation && { launchOptions: launchOptions(installation) }),
    // On disk, because an incognito context keeps OPFS in memory; of this run alone, because a browser locks
    // its profile and the next run must not find what this one stored.
    persistentContext: profileDirectory(name),
  })
  return {
    ...BROWSER_PROJECT,
    // Or each run of it would throw away what another browser's run has bundled.
    cacheDir: `node_modules/.vite-${name}`,
    test: {
      ...BROWSER_TEST,
      ...FIRST,
      name: `in ${name}`,
      include: [BROWSER_TESTS],
      browser: { ...BROWSER_MODE, provider, instances: [{ browser: name, name }] },
    },
  }
}

/** Tests in Node that drive whole browsers. */
const DRIVES_BROWSERS = {
  environment: 'node',
  exclude: IGNORED,
  testTimeout: 4 * MINUTES,
  hookTimeout: 3 * MINUTES,
} as const

/** Crash samples and whole browsers take longest; begun last, they would keep one core waiting for the other. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /\/crash\/|\.smoke\./.test(moduleId)
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)))
  }
}

export default defineConfig(async () => ({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...FIRST,
          name: 'node',
          environment: 'node',
          include: ['**/*.test.ts'],
          exclude: [...IGNORED, BROWSER_TESTS, SMOKE_TESTS, E2E_TESTS],
          testTimeout: 2 * MINUTES,
          hookTimeout: 2 * MINUTES,
        },
      },
      ...(await Promise.all(BROWSER_NAMES.map(browserProject))),
      { test: { ...DRIVES_BROWSERS, ...FIRST, name: 'smoke', include: [SMOKE_TESTS] } },
      { test: { ...DRIVES_BROWSERS, ...SECOND, name: 'e2e', include: [E2E_TESTS] } },
      {
        ...BROWSER_PROJECT,
        cacheDir: 'node_modules/.vite-webkit',
        test: {
          ...BROWSER_TEST,
          ...SECOND,
          name: 'in webkit',
          // Where OPFS has no sync access handles, only this backend runs.
          include: ['packages/vfs-idb/**/*.browser.test.ts'],
          browser: {
            ...BROWSER_MODE,
            provider: webkit({ profileDir: profileDirectory('webkit') }),
            instances: [{ browser: 'webkit' as const, name: 'webkit' }],
          },
        },
      },
    ],
  },
}))
