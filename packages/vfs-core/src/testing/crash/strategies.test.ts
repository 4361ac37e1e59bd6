// What the judge takes for the work of a power cut on names that settle one by one, and what it does not.

import { expect, it } from 'vitest'
import { ROOT_INO, S_IFDIR, type Attributes } from '../../contract/index.ts'
import { History, type TreeEntry } from './history.ts'
import { missingNames, NAME_BY_NAME, withoutPowerCut } from './strategies.ts'

const ROOT = { ino: ROOT_INO, mode: S_IFDIR | 0o755, atime: 0, mtime: 0, ctime: 0 } as Attributes

function file(path: string, ino: number): TreeEntry {
  return { path, ino, kind: 'file', mode: 0o644, size: 0, target: undefined }
}

/** Of a session that found /a and /b and has removed /a. */
function removed(): History {
  const start = {
    entries: [file('/a', 2), file('/b', 3)],
    files: new Map([2, 3].map((ino) => [ino, new Uint8Array(0)])),
    attributes: new Map(),
  }
  const history = new History(start, ROOT, { level: 'strict', now: 0 })
  history.begin(1)
  history.removed('/a')
  history.end(-Infinity)
  return history
}

function isLeftOf(shown: readonly TreeEntry[], missing: readonly string[] = []): boolean {
  const history = removed()
  const isMissing = missingNames(missing)
  return NAME_BY_NAME.mayBeLeftOf!(shown, history.trees.at(-1)!, { history, isMissing })
}

it('a removed file may be back as a file of its own, also moved aside', () => {
  expect(isLeftOf([file('/b', 3)])).toBe(true)
  expect(isLeftOf([file('/a', 4), file('/b', 3)])).toBe(true)
  expect(isLeftOf([file('/a.other-1', 4), file('/b', 3)])).toBe(true)
})

it('but not as the inode that was removed, with the number of another, or under a name that never was', () => {
  expect(isLeftOf([file('/a', 2), file('/b', 3)])).toBe(false)
  expect(isLeftOf([file('/a', 3), file('/b', 3)])).toBe(false)
  expect(isLeftOf([file('/c', 4), file('/b', 3)])).toBe(false)
})

it('a name may be missing if the open has said so', () => {
  expect(isLeftOf([])).toBe(false)
  expect(isLeftOf([], ['/b'])).toBe(true)
  expect(isLeftOf([], ['/bb'])).toBe(false)
})

it('without a power cut nothing of this may be', () => {
  expect(withoutPowerCut(NAME_BY_NAME).mayBeLeftOf).toBeUndefined()
})
