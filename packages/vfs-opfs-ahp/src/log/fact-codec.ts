// Facts as JSON: short arrays that begin with a letter, because a store has one line of them for every
// commit. A reader finds the letters in one table, and every field checked.

import { VfsError, type Fact } from '@wasm-vfs/core/backend'
import type { PoolFact } from '../pool/facts.ts'

export type StoredFact = Fact | PoolFact
/** The engine's own, not the pool's. */
export function isTreeFact(fact: StoredFact): fact is Fact {
  return fact.type !== 'file' && fact.type !== 'place' && fact.type !== 'unplace'
}

export type FactRecord = readonly (string | number)[]

export function encodeFact(fact: StoredFact): FactRecord {
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
    case 'file':
      return ['f', fact.serial, fact.born, fact.pack ? 1 : 0]
    case 'place':
      return ['p', fact.ino, fact.serial, fact.offset, fact.capacity, fact.written]
    case 'unplace':
      return ['u', fact.ino]
  }
}

/** Throws EIO for a record that no version of this format has written. */
export function decodeFact(record: unknown): StoredFact {
  if (!Array.isArray(record)) throw malformed(record)
  const fields = new Fields(record)
  switch (record[0]) {
    case 'i':
      return {
        type: 'inode',
        ino: fields.number(1),
        mode: fields.number(2),
        size: fields.number(3),
        atime: fields.number(4),
        mtime: fields.number(5),
        ctime: fields.number(6),
        target: record.length > 7 ? fields.string(7) : undefined,
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
    case 'f':
      return {
        type: 'file',
        serial: fields.number(1),
        born: fields.number(2),
        pack: fields.number(3) === 1,
      }
    case 'p':
      return {
        type: 'place',
        ino: fields.number(1),
        serial: fields.number(2),
        offset: fields.number(3),
        capacity: fields.number(4),
        written: fields.number(5),
      }
    case 'u':
      return { type: 'unplace', ino: fields.number(1) }
    default:
      throw malformed(record)
  }
}

class Fields {
  readonly #record: readonly unknown[]

  constructor(record: readonly unknown[]) {
    this.#record = record
  }

  number(at: number): number {
    const value = this.#record[at]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(this.#record)
    return value
  }

  string(at: number): string {
    const value = this.#record[at]
    if (typeof value !== 'string') throw malformed(this.#record)
    return value
  }
}

function malformed(record: unknown): VfsError {
  return new VfsError('EIO', 'open', {
    detail: `the state holds a record of an unknown form: ${JSON.stringify(record)?.slice(0, 80)}`,
  })
}
