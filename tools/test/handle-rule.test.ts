import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { callers } from '../handle-rule.ts'
import { ROOT } from '../workspace.ts'

let root: string | undefined
afterEach(async () => {
  if (root !== undefined) await rm(root, { recursive: true, force: true })
})

async function callersIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  root = await mkdtemp(join(tmpdir(), 'wasm-vfs-handles-'))
  const all = { 'packages/some/package.json': '{}', 'tools/none.ts': '', ...files }
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return callers(root)
}

test.each([
  'await file.createSyncAccessHandle()',
  "await file.createSyncAccessHandle({ mode: 'readwrite' })",
  'file?.createSyncAccessHandle?.()',
  'file.createSyncAccessHandle!()',
  "file['createSyncAccessHandle']()",
  'createSyncAccessHandle.call(file)',
  'const open = file.createSyncAccessHandle.bind(file)',
  'const worker = `self.handle = await file.createSyncAccessHandle()`',
])('%s is found, in a source, a test and a tool', async (text) => {
  const files = ['packages/some/src/a.ts', 'packages/some/test/b.ts', 'tools/test/site/c.ts']
  const found = await callersIn(Object.fromEntries(files.map((file) => [file, text])))
  expect(found.toSorted()).toEqual(files)
})

test.each([
  '// await file.createSyncAccessHandle() may hang',
  '/** `createSyncAccessHandle()` may\n * hang: createSyncAccessHandle() */',
  "if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return",
  "const call = 'createSyncAccessHandle'",
  'await openAccessHandle(file, { path })',
])('%s is none', async (text) => {
  expect(await callersIn({ 'packages/some/src/a.ts': text })).toEqual([])
})

test('this tree keeps the rule', async () => {
  expect(await callers(ROOT)).toEqual([])
})
