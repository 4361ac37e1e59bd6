// The test projects: `node`, `chromium`, `firefox` (browser tests in stock browsers), `webkit` (those of
// @wasm-vfs/idb in WebKitGTK) and `e2e` (tests that drive whole browsers themselves). Run one with `vitest run --project firefox path/to/file`.

import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import type { BrowserInstanceOption } from 'vitest/node'
import { BROWSER_NAMES, findBrowser, launchOptions, type BrowserName } from './tools/browsers.ts'
import { inlineWorkers, isPublishedSource } from './tools/inline-worker.ts'
import { webkit } from './tools/webkit-provider.ts'

const BROWSER_TESTS = '**/*.browser.test.ts'
const E2E_TESTS = '**/*.e2e.test.ts'
// Where OPFS has no sync access handles, only this backend runs.
const WEBKIT_TESTS = 'packages/vfs-idb/**/*.browser.test.ts'
const IGNORED = ['**/node_modules/**', '**/dist/**']

const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

// On disk, because an incognito context keeps OPFS in memory; of this run alone, because a browser
// locks its profile and the next run must not find what this one stored.
function profileOf(name: string): string {
  const profile = join(import.meta.dirname, '.profiles', `vitest-${name}-${process.pid}`)
  process.once('exit', () => {
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // A browser that is still ending writes to it; what is left is no reason for a run to fail.
    }
  })
  return profile
}

async function browserInstance(name: BrowserName): Promise<BrowserInstanceOption> {
  // Without one, Playwright says so when the project runs; the other projects do not need it.
  const installation = await findBrowser(name)
  return {
    browser: name,
    name,
    provider: playwright({
      ...(installation && { launchOptions: launchOptions(installation) }),
      persistentContext: profileOf(name),
    }),
  }
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

const BROWSER_TEST = {
  exclude: IGNORED,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // One file at a time: a persistent context has one profile.
  fileParallelism: false,
}

const BROWSER_MODE = { enabled: true, headless: true, screenshotFailures: false, ui: false }

export default defineConfig(async () => ({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['**/*.test.ts'],
          exclude: [...IGNORED, BROWSER_TESTS, E2E_TESTS],
          testTimeout: 30_000,
          // The default leaves one core for a watcher that is not there.
          maxWorkers: availableParallelism(),
        },
      },
      {
        ...BROWSER_PROJECT,
        test: {
          ...BROWSER_TEST,
          name: 'browser',
          include: [BROWSER_TESTS],
          browser: {
            ...BROWSER_MODE,
            instances: await Promise.all(BROWSER_NAMES.map(browserInstance)),
          },
        },
      },
      {
        ...BROWSER_PROJECT,
        // Or each run of it would throw away what the other browsers' runs have bundled, and vice versa.
        cacheDir: 'node_modules/.vite-webkit',
        test: {
          ...BROWSER_TEST,
          name: 'webkitgtk',
          include: [WEBKIT_TESTS],
          browser: {
            ...BROWSER_MODE,
            provider: webkit({ profileDir: profileOf('webkit') }),
            instances: [{ browser: 'webkit' as const, name: 'webkit' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: [E2E_TESTS],
          exclude: IGNORED,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
}))
