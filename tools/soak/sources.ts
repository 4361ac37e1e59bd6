// Which sources a result is about: a digest of what core and a backend publish, so that results of many runs
// can be added up and still be told apart, whatever was committed in between.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../workspace.ts'

const DIGEST_LENGTH = 12

/** The same for the same sources, wherever they are checked out. */
export function digestOfSources(backend: string): string {
  const hash = createHash('sha256')
  for (const folder of ['packages/vfs-core/src', `packages/vfs-${backend}/src`]) {
    for (const path of publishedIn(folder)) hash.update(path).update(readFileSync(join(ROOT, path)))
  }
  return hash.digest('hex').slice(0, DIGEST_LENGTH)
}

/** From the root, in order. What tests tests is no part of it. */
function publishedIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length).replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.test.ts') && !path.includes('/src/testing/'))
    .toSorted()
}
