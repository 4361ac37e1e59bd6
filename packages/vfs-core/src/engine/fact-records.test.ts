// What is read as a fact, and what is not, whatever its checksum says.

import { describe, expect, it } from 'vitest'
import { decodeFact, encodeFact } from './fact-records.ts'
import type { Fact } from './ports.ts'

const FILE = 0o100644
const times = { atime: 1.5, mtime: -2, ctime: 3 }

const facts: readonly Fact[] = [
  { type: 'inode', ino: 1, mode: 0o040755, size: 0, ...times, target: undefined },
  { type: 'inode', ino: 2, mode: 0o107777, size: 2 ** 53 - 1, ...times, target: undefined },
  { type: 'inode', ino: 3, mode: 0o120777, size: 0, ...times, target: '../elsewhere' },
  { type: 'drop', ino: 2 },
  { type: 'entry', parent: 1, name: '...', ino: 2 },
  { type: 'remove', parent: 1, name: 'ä'.repeat(127) },
  { type: 'next', ino: 4 },
]

const malformed: readonly (readonly [string, unknown])[] = [
  ['no array', { i: 1 }],
  ['an unknown letter', ['z', 1]],
  ['an inode number of 0', ['d', 0]],
  ['a negative inode number', ['d', -1]],
  ['an enormous inode number', ['n', 2 ** 48 + 1]],
  ['an infinite time', ['i', 2, FILE, 0, 0, Infinity, 0]],
  ['a fraction of an inode', ['e', 1.5, 'name', 2]],
  ['a number that is text', ['n', '4']],
  ['an empty name', ['e', 1, '', 2]],
  ['a name with a slash', ['e', 1, 'a/b', 2]],
  ['a name with a NUL', ['e', 1, 'a\0b', 2]],
  ['the name .', ['e', 1, '.', 2]],
  ['the name ..', ['r', 1, '..']],
  ['a name too long', ['e', 1, 'a'.repeat(256), 2]],
  ['half a character', ['e', 1, '\ud800', 2]],
  ['a negative size', ['i', 2, FILE, -1, 0, 0, 0]],
  ['an enormous size', ['i', 2, FILE, 1e300, 0, 0, 0]],
  ['a type that there is not', ['i', 2, 0o060644, 0, 0, 0, 0]],
  ['a mode with more bits', ['i', 2, 0o1100644, 0, 0, 0, 0]],
  ['a negative mode', ['i', 2, -1, 0, 0, 0, 0]],
  ['a time that is none', ['i', 2, FILE, 0, null, 0, 0]],
  ['a file with a target', ['i', 2, FILE, 0, 0, 0, 0, 'target']],
  ['a symlink without one', ['i', 2, 0o120777, 0, 0, 0, 0]],
  ['a symlink to nothing', ['i', 2, 0o120777, 0, 0, 0, 0, '']],
]

describe('a fact', () => {
  it.each(facts.map((fact) => [fact.type, fact] as const))('%s is read as written', (_, fact) => {
    expect(decodeFact(JSON.parse(JSON.stringify(encodeFact(fact))))).toEqual(fact)
  })

  it.each(malformed)('with %s is EIO and shown', (_, record) => {
    expect(() => decodeFact(record)).toThrow(
      expect.objectContaining({
        code: 'EIO',
        message: expect.stringContaining('unknown form') as string,
      }),
    )
  })
})
