// Facts as records of the state log: the engine's in the engine's own form, and the pool's under
// letters of their own.

import {
  decodeFact,
  encodeFact,
  FILE_SIZE_MAX,
  RecordFields,
  ROOT_INO,
  type Fact,
  type FactRecord,
} from '@wasm-vfs/core/backend'
import { slotSize } from '../layout.ts'
import type { Slot } from '../pool/buddy.ts'
import type { FileFact, PlaceFact, PoolFact } from '../pool/facts.ts'

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
      return decodeFile(fields)
    case 'p':
      return decodePlace(fields)
    case 'u':
      return { type: 'unplace', ino: integer(fields, 1, ROOT_INO + 1) }
    default:
      return decodeFact(record)
  }
}

function decodeFile(fields: RecordFields): FileFact {
  const pack = integer(fields, 3, 0)
  if (pack > 1) throw fields.malformed()
  return {
    type: 'file',
    serial: integer(fields, 1, 1),
    born: number(fields, 2),
    pack: pack === 1,
  }
}

/** What a place says must fit together; whether there is such an inode and room for it is seen later. */
function decodePlace(fields: RecordFields): PlaceFact {
  const fact: PlaceFact = {
    type: 'place',
    ino: integer(fields, 1, ROOT_INO + 1),
    serial: integer(fields, 2, 1),
    offset: integer(fields, 3, 0),
    capacity: integer(fields, 4, 0),
    written: integer(fields, 5, 0),
  }
  const { offset, capacity, written } = fact
  const fits =
    capacity === 0
      ? offset === 0
      : capacity === slotSize(capacity) &&
        offset % capacity === 0 &&
        offset + capacity <= FILE_SIZE_MAX &&
        written <= capacity
  if (!fits) throw fields.malformed()
  return fact
}

/** Free space that a close left as it was. */
export function decodeSlot(record: unknown): Slot {
  const fields = new RecordFields(record)
  const slot = { offset: integer(fields, 0, 0), size: integer(fields, 1, 1) }
  if (slot.offset + slot.size > FILE_SIZE_MAX) throw fields.malformed()
  return slot
}

function number(fields: RecordFields, at: number): number {
  const value = fields.number(at)
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw fields.malformed()
  return value
}

function integer(fields: RecordFields, at: number, least: number): number {
  const value = number(fields, at)
  if (value < least || !Number.isInteger(value)) throw fields.malformed()
  return value
}
