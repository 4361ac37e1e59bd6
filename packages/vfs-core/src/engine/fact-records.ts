// Facts as JSON: short arrays that begin with a letter, because a store has one line of them for every
// commit. A reader finds the letters in one place, and every field checked. Backends that keep facts in
// a log use this, and may add records of their own under other letters.

import { VfsError } from '../contract/index.ts'
import type { Fact } from './ports.ts'

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

/** Throws EIO for a record that no version of this format has written. */
export function decodeFact(record: unknown): Fact {
  const fields = new RecordFields(record)
  switch (fields.string(0)) {
    case 'i':
      return {
        type: 'inode',
        ino: fields.number(1),
        mode: fields.number(2),
        size: fields.number(3),
        atime: fields.number(4),
        mtime: fields.number(5),
        ctime: fields.number(6),
        target: fields.length > 7 ? fields.string(7) : undefined,
      }
    case 'd':
      return { type: 'drop', ino: fields.number(1) }
    case 'e':
      return {
        type: 'entry',
        parent: fields.number(1),
        name: fields.string(2),
        ino: fields.number(3),
      }
    case 'r':
      return { type: 'remove', parent: fields.number(1), name: fields.string(2) }
    case 'n':
      return { type: 'next', ino: fields.number(1) }
    default:
      throw fields.malformed()
  }
}

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

  malformed(): VfsError {
    return malformedRecord(this.#record)
  }
}

function malformedRecord(record: unknown): VfsError {
  return new VfsError('EIO', 'open', {
    detail: `the state holds a record of an unknown form: ${JSON.stringify(record)?.slice(0, 80)}`,
  })
}
