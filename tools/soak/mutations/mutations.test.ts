// That the list of mutations fits the sources: a break that can no longer be made proves nothing.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { expect, it } from 'vitest'
import { ROOT } from '../../workspace.ts'
import { MUTATIONS } from './list.ts'
import { mutated, suiteOf } from './mutation.ts'

it('each mutation can be made in the sources as they are, and its test file is there', () => {
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
  const problems = MUTATIONS.flatMap((mutation) => {
    const { rule, what, test } = mutation
    try {
      // A test of any kind would notice a file that does not compile.
      for (const text of mutated(mutation, read).values()) transformSync(text, { loader: 'ts' })
      if (!existsSync(join(ROOT, test))) throw new Error(`there is no ${test}`)
      suiteOf(mutation)
      return []
    } catch (error) {
      return [`rule ${rule}: ${what}: ${String(error)}`]
    }
  })
  expect(problems).toEqual([])
})
