// Finding names in directories: one component at a time, as every walk of a path does.

import { ROOT_INO } from '../../contract/index.ts'
import { check, equal, refuses } from '../assert.ts'
import { requirement, type Requirement } from '../case.ts'
import { pattern, readFile, writeFile } from '../content.ts'

/** Names that a store with careless keys, prototypes or reserved words would trip over. */
const AWKWARD_NAMES = [
  ' ',
  '-',
  '...',
  '.hidden',
  'a.',
  'back\\slash',
  'CON',
  'colon:',
  'constructor',
  'data',
  'hasOwnProperty',
  'line\nfeed',
  'per%2Fcent',
  'question?*<>|"',
  'state',
  'tab\t',
  'toString',
  '__proto__',
  '\u{1f600}',
  '\u00e9',
  'e\u0301',
  'case',
  'Case',
  '\u007f',
]

export const lookup: Requirement = requirement('lookup', [
  {
    name: 'finds what was made under a name, and gives the same inode each time',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const directory = vfs.mkdir(ROOT_INO, 'directory', 0o755)
      equal(vfs.lookup(ROOT_INO, 'file'), file, 'the file')
      equal(vfs.lookup(ROOT_INO, 'file'), file, 'the file, again')
      equal(vfs.lookup(ROOT_INO, 'directory'), directory, 'the directory')
    },
  },
  {
    name: 'gives different inodes to different files',
    run({ vfs }) {
      const inos = new Set(['a', 'b', 'c'].map((name) => writeFile(vfs, name)))
      equal(inos.size, 3, 'distinct inode numbers')
      check(!inos.has(ROOT_INO), 'no file has the number of the root')
    },
  },
  {
    name: 'find gives what lookup gives, and undefined for a missing name',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      equal(vfs.find(ROOT_INO, 'file'), file, 'the file')
      equal(vfs.find(ROOT_INO, '..'), ROOT_INO, 'the parent of the root')
      equal(vfs.find(ROOT_INO, 'missing'), undefined, 'a missing name')
      refuses(vfs, 'ENOTDIR', 'lookup', () => vfs.find(file, 'name'))
      refuses(vfs, 'ENAMETOOLONG', 'lookup', () => vfs.find(ROOT_INO, 'n'.repeat(256)))
    },
  },
  {
    name: 'a missing name is ENOENT',
    run({ vfs }) {
      refuses(vfs, 'ENOENT', 'lookup', () => vfs.lookup(ROOT_INO, 'missing'))
    },
  },
  {
    name: 'a name is found only in its own directory',
    run({ vfs }) {
      const inner = vfs.mkdir(ROOT_INO, 'inner', 0o755)
      writeFile(vfs, 'outside')
      writeFile(vfs, 'inside', undefined, inner)
      refuses(vfs, 'ENOENT', 'lookup', () => vfs.lookup(inner, 'outside'))
      refuses(vfs, 'ENOENT', 'lookup', () => vfs.lookup(ROOT_INO, 'inside'))
    },
  },
  {
    name: 'the dot of a directory is itself',
    run({ vfs }) {
      const inner = vfs.mkdir(ROOT_INO, 'inner', 0o755)
      equal(vfs.lookup(ROOT_INO, '.'), ROOT_INO, 'the dot of the root')
      equal(vfs.lookup(inner, '.'), inner, 'the dot of a directory')
    },
  },
  {
    name: 'the dot-dot of a directory is its parent, and of the root the root',
    run({ vfs }) {
      const outer = vfs.mkdir(ROOT_INO, 'outer', 0o755)
      const inner = vfs.mkdir(outer, 'inner', 0o755)
      equal(vfs.lookup(inner, '..'), outer, 'the parent of inner')
      equal(vfs.lookup(outer, '..'), ROOT_INO, 'the parent of outer')
      equal(vfs.lookup(ROOT_INO, '..'), ROOT_INO, 'the parent of the root')
    },
  },
  {
    name: 'looking into a file or a symlink is ENOTDIR',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const link = vfs.symlink(ROOT_INO, 'link', '/')
      for (const name of ['x', '.', '..']) {
        refuses(vfs, 'ENOTDIR', 'lookup', () => vfs.lookup(file, name))
        refuses(vfs, 'ENOTDIR', 'lookup', () => vfs.lookup(link, name))
      }
    },
  },
  {
    name: 'does not follow symlinks',
    run({ vfs }) {
      const file = writeFile(vfs, 'file')
      const link = vfs.symlink(ROOT_INO, 'link', 'file')
      equal(vfs.lookup(ROOT_INO, 'link'), link, 'the link itself')
      check(link !== file, 'a symlink is an inode of its own')
    },
  },
  {
    name: 'names are bytes: case, normal form, spaces, controls and reserved words all count',
    async run(context) {
      const made = AWKWARD_NAMES.map((name, index) => {
        return writeFile(context.vfs, name, pattern(10 + index, index))
      })
      equal(new Set(made).size, AWKWARD_NAMES.length, 'distinct inodes')
      const vfs = context.target.capabilities.persistent ? await context.reopen() : context.vfs
      AWKWARD_NAMES.forEach((name, index) => {
        const about = `the file ${JSON.stringify(name)}`
        equal(vfs.lookup(ROOT_INO, name), made[index], about)
        equal(readFile(vfs, vfs.lookup(ROOT_INO, name)), pattern(10 + index, index), about)
        vfs.unlink(ROOT_INO, name)
      })
      equal(vfs.readdir(ROOT_INO), [], 'the root, all names removed')
    },
  },
])
