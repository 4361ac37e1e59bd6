// Facts as records of the state log: the engine's in the engine's own form, and the pool's under
// letters of their own.

import {
  decodeFact,
  encodeFact,
  RecordFields,
  type Fact,
  type FactRecord,
} from '@wasm-vfs/core/backend'
import type { PoolFact } from '../pool/facts.ts'

export type StoredFact = Fact | PoolFact

/** The engine's own, not the pool's. */
export function isTreeFact(fact: StoredFact): fact is Fact {
  return fact.type !== 'file' && fact.type !== 'place' && fact.type !== 'unplace'
}

export function encodeStoredFact(fact: StoredFact): FactRecord {
  switch (fact.type) {
    case 'file':
      return ['f', fact.serial, fact.born, fact.pack ? 1 : 0]
    case 'place':
      return ['p', fact.ino, fact.serial, fact.offset, fact.capacity, fact.written]
    case 'unplace':
      return ['u', fact.ino]
    default:
      return encodeFact(fact)
  }
}

/** Throws EIO for a record that no version of this format has written. */
export function decodeStoredFact(record: unknown): StoredFact {
  const fields = new RecordFields(record)
  switch (fields.string(0)) {
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
      return decodeFact(record)
  }
}
