// Ways to make the crash judge too lenient about names after a power cut, and the test that must notice.

import { edit, type Mutation } from './mutation.ts'

const CRASH = 'packages/vfs-core/src/testing/crash'

function lenient(what: string, from: string, to: string): Mutation {
  const edits = [edit(`${CRASH}/strategies.ts`, from, to)]
  return { rule: 4, what: `judge: ${what}`, edits, test: `${CRASH}/strategies.test.ts` }
}

export const JUDGE: readonly Mutation[] = [
  lenient(
    'a removal may be undone as if it had never been',
    ' && !history.hadName(own, ino, moment)',
    '',
  ),
  lenient(
    'what is back may have the number of another inode',
    'if (had.inos.has(ino)) return false',
    'void 0',
  ),
  lenient('anything may be found under any name', 'history.hadPath(own) && ', ''),
  lenient(
    'a name may be missing without a word',
    'if (!lines.has(line) && !isMissing(entry)) return false',
    'void line',
  ),
]
