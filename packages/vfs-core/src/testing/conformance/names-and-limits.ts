// What may be a name, and the limits on names: the same rules for every operation that takes one.

import { NAME_MAX, PATH_MAX, ROOT_INO, type Ino, type Vfs } from '../../contract/index.ts'
import { equal, refuses } from '../assert.ts'
import { requirement, type CaseDefinition, type Requirement } from '../case.ts'
import { namesIn, writeFile } from '../content.ts'

interface NamedOperation {
  /** With the argument that takes the name, where there are two. */
  readonly title: string
  readonly operation: string
  /** Runs it on `name` in `parent`; `vfs` has a file `file` in its root. */
  readonly act: (vfs: Vfs, parent: Ino, name: string) => unknown
  readonly makesName: boolean
}

const OPERATIONS: readonly NamedOperation[] = [
  {
    title: 'lookup',
    operation: 'lookup',
    act: (vfs, parent, name) => vfs.lookup(parent, name),
    makesName: false,
  },
  {
    title: 'mkdir',
    operation: 'mkdir',
    act: (vfs, parent, name) => vfs.mkdir(parent, name, 0o755),
    makesName: true,
  },
  {
    title: 'create',
    operation: 'create',
    act: (vfs, parent, name) => vfs.create(parent, name, 0o644),
    makesName: true,
  },
  {
    title: 'symlink',
    operation: 'symlink',
    act: (vfs, parent, name) => vfs.symlink(parent, name, 'target'),
    makesName: true,
  },
  {
    title: 'unlink',
    operation: 'unlink',
    act: (vfs, parent, name) => vfs.unlink(parent, name),
    makesName: false,
  },
  {
    title: 'rmdir',
    operation: 'rmdir',
    act: (vfs, parent, name) => vfs.rmdir(parent, name),
    makesName: false,
  },
  {
    title: 'rename (the old name)',
    operation: 'rename',
    act: (vfs, parent, name) => vfs.rename(parent, name, ROOT_INO, 'renamed'),
    makesName: false,
  },
  {
    title: 'rename (the new name)',
    operation: 'rename',
    act: (vfs, parent, name) => vfs.rename(ROOT_INO, 'file', parent, name),
    makesName: true,
  },
]

const LINK: NamedOperation = {
  title: 'link',
  operation: 'link',
  act: (vfs, parent, name) => vfs.link(vfs.lookup(ROOT_INO, 'file'), parent, name),
  makesName: true,
}

const LONGEST_NAMES = [
  'x'.repeat(NAME_MAX),
  '\u20ac'.repeat(NAME_MAX / 3),
  `${'\u{1f600}'.repeat(63)}abc`,
]

const TOO_LONG_NAMES = [
  'x'.repeat(NAME_MAX + 1),
  `${'\u20ac'.repeat(NAME_MAX / 3)}x`,
  '\u{1f600}'.repeat(64),
  'x'.repeat(100_000),
]

function casesOf({ title, operation, act, makesName }: NamedOperation): CaseDefinition[] {
  const needs = title === 'link' ? { needs: { hardLinks: true } } : {}
  const cases: CaseDefinition[] = [
    {
      name: `${title}: a name of more than ${NAME_MAX} bytes is ENAMETOOLONG`,
      ...needs,
      run({ vfs }) {
        writeFile(vfs, 'file')
        for (const name of TOO_LONG_NAMES) {
          refuses(vfs, 'ENAMETOOLONG', operation, () => act(vfs, ROOT_INO, name))
        }
      },
    },
    {
      name: `${title}: a name with a slash or a NUL is EINVAL`,
      ...needs,
      run({ vfs }) {
        writeFile(vfs, 'file')
        for (const name of ['a/b', '/', 'a/', '/a', 'a\0', '\0']) {
          refuses(vfs, 'EINVAL', operation, () => act(vfs, ROOT_INO, name))
        }
      },
    },
    {
      name: `${title}: a name with a lone surrogate is EILSEQ`,
      ...needs,
      run({ vfs }) {
        writeFile(vfs, 'file')
        for (const name of ['\ud83d', 'a\ude00b', '\ude00\ud83d']) {
          refuses(vfs, 'EILSEQ', operation, () => act(vfs, ROOT_INO, name))
        }
      },
    },
    {
      name: `${title}: an empty name is ENOENT`,
      ...needs,
      run({ vfs }) {
        writeFile(vfs, 'file')
        refuses(vfs, 'ENOENT', operation, () => act(vfs, ROOT_INO, ''))
      },
    },
    {
      name: `${title}: a parent that is a file or a symlink is ENOTDIR`,
      ...needs,
      run({ vfs }) {
        const file = writeFile(vfs, 'file')
        const link = vfs.symlink(ROOT_INO, 'link', '.')
        refuses(vfs, 'ENOTDIR', operation, () => act(vfs, file, 'name'))
        refuses(vfs, 'ENOTDIR', operation, () => act(vfs, link, 'name'))
      },
    },
  ]
  if (!makesName) return cases
  return [
    ...cases,
    {
      name: `${title}: a name of ${NAME_MAX} bytes works`,
      ...needs,
      run({ vfs }) {
        for (const [index, name] of LONGEST_NAMES.entries()) {
          const parent = vfs.mkdir(ROOT_INO, `parent${index}`, 0o755)
          writeFile(vfs, 'file')
          act(vfs, parent, name)
          equal(namesIn(vfs, parent), [name], 'the names made')
          // Cleared, so that the next round finds the root as this one did.
          if (namesIn(vfs).includes('file')) vfs.unlink(ROOT_INO, 'file')
        }
      },
    },
    {
      name: `${title}: in a removed directory that is still held is ENOENT`,
      ...needs,
      run({ vfs }) {
        writeFile(vfs, 'file')
        const removed = vfs.mkdir(ROOT_INO, 'removed', 0o755)
        vfs.acquire(removed)
        vfs.rmdir(ROOT_INO, 'removed')
        refuses(vfs, 'ENOENT', operation, () => act(vfs, removed, 'name'))
        equal(vfs.readdir(removed), [], 'the removed directory')
        vfs.release(removed)
      },
    },
  ]
}

export const namesAndLimits: Requirement = requirement('names and limits', [
  ...[...OPERATIONS, LINK].flatMap(casesOf),
  {
    name: 'the longest names survive a remount',
    needs: { persistent: true },
    async run(context) {
      for (const name of LONGEST_NAMES) writeFile(context.vfs, name)
      equal(namesIn(await context.reopen()), LONGEST_NAMES, 'the names')
    },
  },
  {
    name: `a symlink target of ${PATH_MAX} bytes works, a longer one is ENAMETOOLONG`,
    run({ vfs }) {
      const longest = ['t'.repeat(PATH_MAX), `${'\u20ac'.repeat((PATH_MAX - 1) / 3)}t`]
      longest.forEach((target, index) => {
        const ino = vfs.symlink(ROOT_INO, `longest${index}`, target)
        equal(vfs.readlink(ino), target, 'the target')
        equal(vfs.getattr(ino).size, PATH_MAX, 'its size')
      })
      for (const target of ['t'.repeat(PATH_MAX + 1), '\u20ac'.repeat((PATH_MAX - 1) / 3 + 1)]) {
        refuses(vfs, 'ENAMETOOLONG', 'symlink', () => vfs.symlink(ROOT_INO, 'longer', target))
      }
    },
  },
  {
    name: 'directories nest deeper than a path is long',
    run({ vfs }) {
      const name = 'd'.repeat(200)
      const depth = Math.ceil(PATH_MAX / name.length) + 10
      let at: Ino = ROOT_INO
      for (let level = 0; level < depth; level++) at = vfs.mkdir(at, name, 0o755)
      writeFile(vfs, 'deep', undefined, at)
      for (let level = 0; level < depth; level++) at = vfs.lookup(at, '..')
      equal(at, ROOT_INO, 'the way back up')
    },
  },
])
