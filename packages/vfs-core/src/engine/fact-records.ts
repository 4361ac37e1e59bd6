// Facts as JSON: short arrays that begin with a letter, because a store has one line of them for every
// commit. A reader finds the letters in one place, and every field checked. Backends that keep facts in
// a log use this, and may add records of their own under other letters.

import {
  isSymlink,
  ROOT_INO,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_PERMISSIONS,
  VfsError,
  type Ino,
} from '../contract/index.ts'
import { checkName, checkTarget } from './names.ts'
import type { Fact, InodeFact } from './ports.ts'

export type FactRecord = readonly (string | number)[]

export function encodeFact(fact: Fact): FactRecord {
  switch (fact.type) {
    case 'inode': {
      const { ino, mode, size, atime, mtime, ctime, target } = fact
      const record = ['i', ino, mode, size, atime, mtime, ctime]
      return target === undefined ? record : [...record, target]
    }
    case 'drop':
      return ['d', fact.ino]
    case 'entry':
      return ['e', fact.parent, fact.name, fact.ino]
    case 'remove':
      return ['r', fact.parent, fact.name]
    case 'next':
      return ['n', fact.ino]
  }
}

/** Throws EIO, with the record, for one that no store can have written: what it says is not taken over. */
export function decodeFact(record: unknown): Fact {
  const fields = new RecordFields(record)
  switch (fields.string(0)) {
    case 'i':
      return decodeInode(fields)
    case 'd':
      return { type: 'drop', ino: fields.ino(1) }
    case 'e':
      return { type: 'entry', parent: fields.ino(1), name: fields.name(2), ino: fields.ino(3) }
    case 'r':
      return { type: 'remove', parent: fields.ino(1), name: fields.name(2) }
    case 'n':
      return { type: 'next', ino: fields.ino(1) }
    default:
      throw fields.malformed()
  }
}

function decodeInode(fields: RecordFields): InodeFact {
  const mode = fields.integer(2)
  const target = fields.length > 7 ? fields.string(7) : undefined
  const isMode = [S_IFREG, S_IFDIR, S_IFLNK].includes(mode & S_IFMT) && mode <= MODE_MAX
  if (!isMode || isSymlink(mode) !== (target !== undefined)) throw fields.malformed()
  if (target !== undefined) fields.checked(() => checkTarget(target, 'open'))
  return {
    type: 'inode',
    ino: fields.ino(1),
    mode,
    size: fields.integer(3),
    atime: fields.number(4),
    mtime: fields.number(5),
    ctime: fields.number(6),
    target,
  }
}

const MODE_MAX = S_IFMT | S_PERMISSIONS
/** More inodes than any store can make: beyond 2^53 the next number would be the one before it again. */
const INO_MAX = 2 ** 48

/** The fields of a record as it was read; each is checked when it is taken (EIO). */
export class RecordFields {
  readonly #record: readonly unknown[]

  constructor(record: unknown) {
    if (!Array.isArray(record)) throw malformedRecord(record)
    this.#record = record
  }

  get length(): number {
    return this.#record.length
  }

  number(at: number): number {
    const value = this.#record[at]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.malformed()
    return value
  }

  string(at: number): string {
    const value = this.#record[at]
    if (typeof value !== 'string') throw this.malformed()
    return value
  }

  /** An offset, a length, a size or a count. */
  integer(at: number): number {
    const value = this.number(at)
    if (!Number.isSafeInteger(value) || value < 0) throw this.malformed()
    return value
  }

  ino(at: number): Ino {
    const value = this.integer(at)
    if (value < ROOT_INO || value > INO_MAX) throw this.malformed()
    return value
  }

  /** Of an entry. */
  name(at: number): string {
    const value = this.string(at)
    if (value === '.' || value === '..') throw this.malformed()
    this.checked(() => checkName(value, 'open'))
    return value
  }

  /** Runs a check of what the record says; a VfsError of it becomes EIO. */
  checked(check: () => unknown): void {
    try {
      check()
    } catch (error) {
      throw malformedRecord(this.#record, error)
    }
  }

  malformed(): VfsError {
    return malformedRecord(this.#record)
  }
}

function malformedRecord(record: unknown, cause?: unknown): VfsError {
  const detail = `the state holds a record of an unknown form: ${JSON.stringify(record)?.slice(0, 80)}`
  return new VfsError('EIO', 'open', { detail, cause })
}
