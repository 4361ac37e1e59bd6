// Proves that every backend that is published runs the conformance suite, in each browser: the package
// exports an opener, a conformance target uses it, and Vitest's browser projects list the test file.
// That a run is complete is proved by its own last test, which says how many cases ran.

import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../../..')
const BROWSERS = ['chromium', 'firefox']
const LISTING_DEADLINE_MS = 60_000

interface ListedFile {
  readonly file: string
  readonly projectName: string
}

async function publishedPackages(): Promise<string[]> {
  const published: string[] = []
  for (const name of await readdir(join(ROOT, 'packages'))) {
    const manifest = await readFile(join(ROOT, 'packages', name, 'package.json'), 'utf8')
    const { private: isPrivate } = JSON.parse(manifest) as { private?: boolean }
    if (isPrivate !== true) published.push(name)
  }
  return published
}

/** What Vitest would run, as `conformance.browser.test.ts` files below `packages/`, by project. */
async function listedConformanceFiles(): Promise<ListedFile[]> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const projects = BROWSERS.flatMap((browser) => ['--project', browser])
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [vitest, 'list', '--filesOnly', '--json', ...projects],
    { cwd: ROOT, timeout: LISTING_DEADLINE_MS, env: environmentOfAnotherRun() },
  )
  const listed = JSON.parse(stdout.slice(stdout.indexOf('['))) as ListedFile[]
  return listed
    .map(({ file, projectName }) => ({ file: relative(ROOT, file), projectName }))
    .filter(({ file }) => file.endsWith('/conformance.browser.test.ts'))
}

/** The listing is a Vitest of its own and must not take itself for a worker of this one. */
function environmentOfAnotherRun(): NodeJS.ProcessEnv {
  const isOfVitest = (key: string): boolean =>
    /^(VITEST|TEST$|NODE_ENV$|MODE$|DEV$|PROD$)/.test(key)
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !isOfVitest(key)))
}

/** The openers that a package's public face exports, e.g. `openOpfsAhp`. */
async function openersOf(name: string): Promise<string[]> {
  const source = await readFile(join(ROOT, 'packages', name, 'src/index.ts'), 'utf8')
  return [...source.matchAll(/\bopen[A-Z]\w*/g)].map(([opener]) => opener)
}

describe('every published backend runs the conformance suite in every browser', async () => {
  const packages = await publishedPackages()
  const listed = await listedConformanceFiles()

  it('finds packages and test files', () => {
    expect(packages).toContain('vfs-core')
    expect(packages).toContain('vfs-opfs-ahp')
    expect(listed.length).toBeGreaterThanOrEqual(packages.length * BROWSERS.length)
  })

  it.each(packages)('%s', async (name) => {
    const openers = await openersOf(name)
    expect(openers, `openers exported by ${name}`).not.toEqual([])
    for (const browser of BROWSERS) {
      const files = listed.filter(({ file, projectName }) => {
        return projectName === browser && file.startsWith(`packages/${name}/`)
      })
      expect(files.length, `conformance runs of ${name} in ${browser}`).toBe(1)
      await expectRunOf(openers, files[0]!.file)
    }
  })
})

/** The test file defines the suite on a target beside it, which opens stores by the package's opener. */
async function expectRunOf(openers: readonly string[], file: string): Promise<void> {
  const source = await readFile(join(ROOT, file), 'utf8')
  expect(source).toMatch(/^defineConformance(InWorker)?\(/m)
  const target = /from '\.\/([\w-]+\.target\.ts)'/.exec(source)?.[1]
  expect(target, `the target that ${file} imports`).toBeDefined()
  const targetSource = await readFile(join(ROOT, file, '..', target!), 'utf8')
  const used = openers.filter((opener) => targetSource.includes(`${opener}(storeName`))
  expect(used, `openers used by ${target}`).not.toEqual([])
}
