import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { objection, violations } from '../import-rules.ts'
import { ROOT, workspacePackages } from '../workspace.ts'

const CORE = 'packages/vfs-core/src'
const AHP = 'packages/vfs-opfs-ahp/src/index.ts'

test.each([
  [`${CORE}/contract/vfs.ts`, `${CORE}/contract/errno.ts`],
  [`${CORE}/engine/inode-fs.ts`, `${CORE}/contract/index.ts`],
  [`${CORE}/memory/index.ts`, `${CORE}/engine/inode-fs.ts`],
  [`${CORE}/emscripten/index.ts`, `${CORE}/contract/index.ts`],
  [`${CORE}/pglite/index.ts`, `${CORE}/emscripten/index.ts`],
  [`${CORE}/pglite/index.ts`, '@electric-sql/pglite'],
  [`${CORE}/index.ts`, `${CORE}/memory/index.ts`],
  [AHP, `${CORE}/backend.ts`],
  [AHP, 'packages/vfs-opfs-ahp/src/pool.ts'],
  ['packages/bench/src/cli.ts', 'packages/vfs-opfs-ahp/src/index.ts'],
  ['packages/vfs-core/test/pglite/run.test.ts', '@electric-sql/pglite'],
])('%s may import %s', (file, target) => {
  expect(objection(file, target)).toBeUndefined()
})

test.each([
  [`${CORE}/contract/vfs.ts`, `${CORE}/engine/inode.ts`],
  [`${CORE}/contract/vfs.ts`, 'fast-check'],
  [`${CORE}/contract/vfs.ts`, `${CORE}/contract-extras/index.ts`],
  [`${CORE}/engine/inode.ts`, `${CORE}/memory/index.ts`],
  [`${CORE}/emscripten/index.ts`, `${CORE}/engine/inode-fs.ts`],
  [`${CORE}/memory/index.ts`, `${CORE}/emscripten/index.ts`],
  [`${CORE}/pglite/index.ts`, 'packages/vfs-opfs-ahp/src/index.ts'],
  [`${CORE}/pglite/index.ts`, `${CORE}/memory/index.ts`],
  [`${CORE}/index.ts`, `${CORE}/pglite/index.ts`],
  [AHP, 'packages/vfs-idb/src/index.ts'],
  [AHP, `${CORE}/engine/inode.ts`],
  [AHP, '@electric-sql/pglite/basefs'],
  [AHP, 'packages/bench/src/report.ts'],
  ['packages/vfs-opfs-ahp/test/kill.test.ts', 'packages/bench/src/report.ts'],
  ['packages/vfs-unheard-of/src/index.ts', `${CORE}/index.ts`],
])('%s may not import %s', (file, target) => {
  expect(objection(file, target)).toEqual(expect.any(String))
})

let root: string | undefined
afterEach(async () => {
  if (root !== undefined) await rm(root, { recursive: true, force: true })
})

async function tree(files: Readonly<Record<string, string>>): Promise<string> {
  root = await mkdtemp(join(tmpdir(), 'wasm-vfs-rules-'))
  for (const { folder, directory } of await workspacePackages()) {
    const copy = join(root, 'packages', folder)
    await mkdir(copy, { recursive: true })
    await cp(join(directory, 'package.json'), join(copy, 'package.json'))
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

test('every form of import is found, of types too, and comments are not', async () => {
  const found = await violations(
    await tree({
      [`${CORE}/contract/a.ts`]: [
        `// import { x } from '../engine/no.ts'`,
        `import type { Inode } from '../engine/one.ts'`,
        `import '../engine/two.ts'`,
        `export * from '../engine/three.ts'`,
        `export { x } from '../engine/four.ts'`,
        `export const load = (): Promise<unknown> => import('../engine/five.ts')`,
        `export type { Inode }`,
      ].join('\n'),
    }),
  )
  expect(found.map((line) => /engine\/(\w+)\.ts/.exec(line)?.[1])).toEqual([
    'one',
    'two',
    'three',
    'four',
    'five',
  ])
})

test('a backend is caught importing another by its package name', async () => {
  const found = await violations(await tree({ [AHP]: `export { openIdb } from '@wasm-vfs/idb'\n` }))
  expect(found).toEqual([expect.stringContaining(`${AHP}: imports '@wasm-vfs/idb'`)])
})

test('a published source is caught importing what its package does not declare', async () => {
  const found = await violations(await tree({ [AHP]: `import 'left-pad'\n` }))
  expect(found).toEqual([expect.stringContaining('does not declare it')])
})

test('this tree keeps the rules', async () => {
  expect(await violations(ROOT)).toEqual([])
})
