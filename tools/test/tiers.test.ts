// That each test file runs in the projects, and so in the tier, that its name says (tools/tiers.ts): Vitest
// itself is asked. And that a mutation is noticed in the quick tier, by the file that is said to notice it.

import { execFile } from 'node:child_process'
import { relative } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { MUTATIONS } from '../soak/mutations/list.ts'
import { bin } from '../process.ts'
import { projectsIn, projectsOf } from '../tiers.ts'
import { filesBelow, ROOT } from '../workspace.ts'

const DEADLINE_MS = 120_000

/** The test files of each project, as `project file`. */
async function listedByVitest(): Promise<string[]> {
  const [node = '', vitest = ''] = bin('vitest', 'vitest.mjs')
  // The listing is a Vitest of its own and must not take itself for a worker of this one.
  const isOfVitest = ([name]: [string, unknown]): boolean => /^(VITEST|TEST$|NODE_ENV$)/.test(name)
  const env = Object.fromEntries(Object.entries(process.env).filter((each) => !isOfVitest(each)))
  const { stdout } = await promisify(execFile)(node, [vitest, 'list', '--filesOnly', '--json'], {
    cwd: ROOT,
    env,
  })
  const listed = JSON.parse(stdout.slice(stdout.indexOf('['))) as {
    readonly file: string
    readonly projectName: string
  }[]
  return listed.map(({ file, projectName }) => `${projectName} ${relative(ROOT, file)}`)
}

it(
  'a test file runs where its name says, and in no other project',
  async () => {
    const files = ['packages', 'tools'].map(async (folder) => {
      const below = await filesBelow(`${ROOT}/${folder}`)
      return below.map((file) => `${folder}/${file}`)
    })
    const tests = (await Promise.all(files)).flat().filter((file) => file.endsWith('.test.ts'))
    const expected = tests.flatMap((file) => projectsOf(file).map(({ name }) => `${name} ${file}`))
    expect((await listedByVitest()).toSorted()).toEqual(expected.toSorted())
  },
  DEADLINE_MS,
)

it.each([
  ['packages/some/test/a.test.ts', ['node']],
  ['packages/some/test/a.browser.test.ts', ['chromium', 'firefox']],
  ['packages/vfs-idb/test/a.browser.test.ts', ['chromium', 'firefox', 'webkit']],
  ['packages/some/test/a.smoke.test.ts', ['smoke']],
  ['packages/some/test/a.e2e.test.ts', ['e2e']],
  ['packages/some/test/a.ts', []],
])('%s is run by %j', (file, projects) => {
  expect(projectsOf(file).map(({ name }) => name)).toEqual(projects)
})

it('the quick tier is part of everything', () => {
  expect(projectsIn('all')).toEqual(expect.arrayContaining([...projectsIn('quick')]))
  expect(projectsIn('quick')).not.toContain('e2e')
})

it.each(MUTATIONS)('rule $rule: $what: the file that notices it is in the quick tier', (each) => {
  const { test, project = 'node' } = each
  const found = projectsOf(test).find(({ name }) => name === project)
  expect(found, `${test} runs in ${project}`).toBeDefined()
  expect(found?.tier).toBe('quick')
})
