// Which sources a result is about: a digest of what core and a backend publish, so that results of many runs
// can be added up and still be told apart, whatever was committed in between. Comments, blanks and types are
// left out, because no run depends on them.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { ROOT } from '../workspace.ts'

const DIGEST_LENGTH = 12

/** The same for the same sources, wherever they are checked out. */
export function digestOfSources(backend: string): string {
  const folders = ['packages/vfs-core/src', `packages/vfs-${backend}/src`]
  const paths = folders.flatMap(publishedIn)
  return digestOf(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

export function digestOf(sources: Iterable<readonly [path: string, text: string]>): string {
  const hash = createHash('sha256')
  for (const [path, text] of sources) hash.update(path).update(codeOf(text))
  return hash.digest('hex').slice(0, DIGEST_LENGTH)
}

/** What is left of TypeScript when it runs, as short as it can be written without other names. */
function codeOf(text: string): string {
  return transformSync(text, { loader: 'ts', minifyWhitespace: true, legalComments: 'none' }).code
}

/** From the root, in order. What tests tests is no part of it. */
function publishedIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length).replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.test.ts') && !path.includes('/src/testing/'))
    .toSorted()
}
